import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { pascalCase } from './keyturn-function';

export interface AlarmsProps {
  readonly machine: StateMachine;
  readonly starter: IFunction;
  readonly recorder: IFunction;
  /** `handle-ended-execution`. */
  readonly ended: IFunction;
  readonly startEvery: Duration;
  readonly deadLetterQueue: IQueue;
  readonly topic: ITopic;
}

/** What pages a person apart from the workflow's own alerts. The name is the section of the runbook. */
interface AlarmRow {
  readonly name: string;
  readonly meaning: string;
  readonly metric: IMetric;
  /** Alarms when the sum falls below 1, also when there is no data. @default false: alarms from 1 on */
  readonly isSilenceBad?: boolean;
}

const PERIOD = { statistic: 'Sum', period: Duration.minutes(5) } as const;

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { machine, starter, recorder, ended, startEvery, deadLetterQueue, topic }: AlarmsProps) {
    super(scope, id);
    const rows: readonly AlarmRow[] = [
      { name: 'executions-failed', meaning: 'A rotation failed in a way that the workflow did not expect. Its key keeps its lease.', metric: machine.metricFailed(PERIOD) },
      { name: 'executions-timed-out', meaning: 'A rotation outlived its time-out. Its key keeps its lease.', metric: machine.metricTimedOut(PERIOD) },
      { name: 'executions-aborted', meaning: 'Someone stopped a rotation from outside. Its key keeps its lease.', metric: machine.metricAborted(PERIOD) },
      { name: 'executions-throttled', meaning: 'Step Functions throttles rotations: they run late.', metric: machine.metricThrottled(PERIOD) },
      { name: 'starter-failed', meaning: 'The starter failed: due keys are not rotated until it works.', metric: starter.metricErrors(PERIOD) },
      {
        name: 'starter-silent',
        meaning: 'The starter missed two firings: due keys are not rotated, and nothing else would say so.',
        metric: starter.metricInvocations({ ...PERIOD, period: Duration.minutes(2 * startEvery.toMinutes()) }),
        isSilenceBad: true,
      },
      { name: 'deletion-unrecorded', meaning: 'KMS deleted a key, and the registry did not take it: it is frozen, or nobody of ours scheduled that deletion.', metric: recorder.metricErrors(PERIOD) },
      { name: 'ended-execution-unhandled', meaning: 'An execution ended from outside its own states, and its key was not quarantined.', metric: ended.metricErrors(PERIOD) },
      {
        name: 'events-undelivered',
        meaning: 'A firing of the schedule, or an event of KMS or Step Functions, could not be delivered; it is in the dead-letter queue.',
        metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ ...PERIOD, statistic: 'Maximum' }),
      },
    ];
    for (const { name, meaning, metric, isSilenceBad = false } of rows) {
      const alarm = new Alarm(this, pascalCase(name), {
        alarmDescription: `${meaning} Runbook: docs/operations.md#${name}`,
        metric,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: isSilenceBad ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: isSilenceBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
    }
  }
}
