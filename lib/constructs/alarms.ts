import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { GAUGES, METRICS_NAMESPACE, type GaugeName } from '../../lambdas/contract/names';
import { RECONCILE_EVERY_SECONDS } from '../../lambdas/contract/timing';
import { pascalCase } from './keyturn-function';

export interface AlarmsProps {
  readonly machine: StateMachine;
  /** The machine that repairs frozen keys. */
  readonly repairs: StateMachine;
  readonly reconcile: IFunction;
  readonly rescue: IFunction;
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
  /** @default 1 */
  readonly threshold?: number;
}


const PERIOD = { statistic: 'Sum', period: Duration.minutes(5) } as const;

/** What `reconcile` counts, once per pass through all keys. */
function gauge(name: GaugeName): IMetric {
  return new Metric({ namespace: METRICS_NAMESPACE, metricName: name, dimensionsMap: { service: 'keyturn' }, statistic: 'Maximum', period: Duration.seconds(2 * RECONCILE_EVERY_SECONDS) });
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { machine, repairs, reconcile, rescue, starter, recorder, ended, startEvery, deadLetterQueue, topic }: AlarmsProps) {
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
      { name: 'repairs-failed', meaning: 'A repair failed, or did not help: its key stays frozen.', metric: repairs.metricFailed(PERIOD) },
      { name: 'reconcile-failed', meaning: 'The reconciliation failed: differences, dead owners and lost alerts are not found until it works.', metric: reconcile.metricErrors(PERIOD) },
      {
        name: 'reconcile-silent',
        meaning: 'The reconciliation missed two firings: differences, dead owners and lost alerts are not found.',
        metric: reconcile.metricInvocations({ ...PERIOD, period: Duration.seconds(2 * RECONCILE_EVERY_SECONDS) }),
        isSilenceBad: true,
      },
      { name: 'reconcile-incomplete', meaning: 'The reconciliation could not make some of its checks: nothing is known about what they look at.', metric: gauge(GAUGES.failedChecks) },
      { name: 'rescue-failed', meaning: 'Somebody needs a version that was retired, and it was not given back.', metric: rescue.metricErrors(PERIOD) },
      { name: 'keys-frozen', meaning: 'Everything about a key stands still until it is repaired.', metric: gauge(GAUGES.frozenKeys) },
      { name: 'keys-quarantined', meaning: 'A key is not rotated until a person has looked.', metric: gauge(GAUGES.quarantinedKeys) },
      { name: 'keys-overdue', meaning: 'A key is older than its policy allows.', metric: gauge(GAUGES.overdueKeys) },
      { name: 'approvals-unanswered', meaning: 'A question has been waiting for an answer for a day.', metric: gauge(GAUGES.oldestUnansweredApprovalSeconds), threshold: 86_400 },
      { name: 'alerts-undelivered', meaning: 'The topic does not take alerts; they wait in the registry.', metric: gauge(GAUGES.undeliveredAlerts) },
      {
        name: 'events-undelivered',
        meaning: 'A firing of the schedule, or an event of KMS or Step Functions, could not be delivered or handled; it is in the dead-letter queue.',
        metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ ...PERIOD, statistic: 'Maximum' }),
      },
    ];
    for (const { name, meaning, metric, isSilenceBad = false, threshold = 1 } of rows) {
      const alarm = new Alarm(this, pascalCase(name), {
        alarmDescription: `${meaning} Runbook: docs/operations.md#${name}`,
        metric,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: isSilenceBad ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: isSilenceBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
    }
  }
}
