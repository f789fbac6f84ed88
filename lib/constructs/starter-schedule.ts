import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface StarterScheduleProps {
  readonly starter: IFunction;
  readonly deadLetterQueue: IQueue;
  readonly startEvery: Duration;
}

/** Fires the starter with the scheduled time, which stays the same however late or often a firing is delivered. */
export class StarterSchedule extends Schedule {
  constructor(scope: Construct, id: string, { starter, deadLetterQueue, startEvery }: StarterScheduleProps) {
    super(scope, id, {
      description: 'Starts the key rotations that are due',
      schedule: ScheduleExpression.rate(startEvery),
      target: new LambdaInvoke(starter, {
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        deadLetterQueue,
        // The next firing finds the same keys, so an old one is not worth delivering.
        maxEventAge: Duration.hours(1),
        retryAttempts: 5,
      }),
    });
  }
}
