import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { RECONCILE_EVERY_SECONDS } from '../../lambdas/contract/timing';

export interface ReconcileScheduleProps {
  readonly reconcile: IFunction;
  readonly deadLetterQueue: IQueue;
}

/** Fires the reconciliation with the scheduled time. */
export class ReconcileSchedule extends Schedule {
  constructor(scope: Construct, id: string, { reconcile, deadLetterQueue }: ReconcileScheduleProps) {
    super(scope, id, {
      description: 'Holds the registry against KMS',
      schedule: ScheduleExpression.rate(Duration.seconds(RECONCILE_EVERY_SECONDS)),
      target: new LambdaInvoke(reconcile, {
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        deadLetterQueue,
        // The next firing looks at the same keys.
        maxEventAge: Duration.seconds(RECONCILE_EVERY_SECONDS),
        retryAttempts: 2,
      }),
    });
  }
}
