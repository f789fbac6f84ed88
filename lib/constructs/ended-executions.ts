import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

export interface EndedExecutionsProps {
  readonly machine: StateMachine;
  /** `handle-ended-execution`. */
  readonly handler: IFunction;
  readonly deadLetterQueue: IQueue;
}

/**
 * Tells what follows when an execution of the machine did not succeed. Step Functions delivers these events best-effort, so alarms on the
 * machine's metrics stand beside this rule.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export class EndedExecutions extends Rule {
  constructor(scope: Construct, id: string, { machine, handler, deadLetterQueue }: EndedExecutionsProps) {
    super(scope, id, {
      description: 'An execution of the rotation workflow failed, timed out or was stopped',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [machine.stateMachineArn] },
      },
      targets: [new LambdaTarget(handler, { deadLetterQueue, maxEventAge: Duration.hours(24), retryAttempts: 10 })],
    });
  }
}
