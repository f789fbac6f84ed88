import { CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { FAILED_USES } from '../../lambdas/contract/names';

export interface FailedUsesProps {
  /** `rescue-version`. */
  readonly rescue: IFunction;
  readonly deadLetterQueue: IQueue;
}

/**
 * Tells of uses that failed because a key is disabled or pending deletion. Most uses of a key are read-only events for CloudTrail, which EventBridge
 * delivers only to rules that ask for all management events; the account needs a trail that logs them.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export class FailedUses extends Rule {
  constructor(scope: Construct, id: string, { rescue, deadLetterQueue }: FailedUsesProps) {
    super(scope, id, {
      description: 'Somebody used a KMS key that is disabled or pending deletion',
      eventPattern: {
        source: [FAILED_USES.source],
        detailType: [FAILED_USES.detailType],
        detail: { eventSource: [FAILED_USES.eventSource], errorCode: [...FAILED_USES.errorCodes] },
      },
      targets: [new LambdaTarget(rescue, { deadLetterQueue, maxEventAge: Duration.hours(24), retryAttempts: 10 })],
    });
    (this.node.defaultChild as CfnRule).state = FAILED_USES.ruleState;
  }
}
