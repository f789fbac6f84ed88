import { z } from 'zod';
import { RECONCILE_EVERY_SECONDS } from '../../../lambdas/contract/timing';
import type { ExecutionEnded } from '../../../lambdas/domain/trace';
import { ACCOUNT, TOPIC_ARN } from '../deployment';
import type { World } from '../world';

const MINUTE = 60_000;
const ALARM_PERIOD = 5 * MINUTE;
const CLOUDWATCH = { accountId: ACCOUNT, arn: 'cloudwatch.amazonaws.com', userId: 'cloudwatch' };

/** CloudWatch's alarms on the machine, as the stack has them: after its period each tells of executions that ended other than by themselves. */
export function alarm(world: World): void {
  world.trace.onEvent((event) => {
    if (event.type !== 'states.execution-ended' || !isBadEnd(event)) return;
    const name = `executions-${event.status.toLowerCase().replace('_', '-')}`;
    world.timeline.after(ALARM_PERIOD, name, () => { ring(world, name); });
  });
}

/** The alarm on a starter that nobody invokes. @param periodMs two firings of the schedule */
export function alarmOnSilence(world: World, periodMs: number, untilMs: number): void {
  let [invocations, wasSilent] = [0, false];
  world.trace.onEvent((event) => {
    if (event.type === 'lambda.invoked' && event.function === 'start-due-rotations') invocations++;
  });
  for (let ms = periodMs; ms <= untilMs; ms += periodMs) {
    world.timeline.after(ms, 'starter-silent', () => {
      const isSilent = invocations === 0;
      if (isSilent && !wasSilent) ring(world, 'starter-silent');
      [invocations, wasSilent] = [0, isSilent];
    });
  }
}

function ring(world: World, name: string): void {
  world.sns.call('Publish', { TopicArn: TOPIC_ARN, Subject: `ALARM: "${name}"`, Message: 'the runbook says what to do' }, CLOUDWATCH);
}

/**
 * The reconciliation fires every 15 minutes on AWS. In a run it fires seldom while nothing happens, which would find nothing, and as often when there may
 * be something to find: 15 minutes after such an end for the first time.
 * @param times how often it fires then
 */
export function reconcileAfter(world: World, isFindable: (end: ExecutionEnded) => boolean, times: number, reconcile: () => void): void {
  world.trace.onEvent((event) => {
    if (event.type !== 'states.execution-ended' || !isFindable(event)) return;
    for (let nth = 1; nth <= times; nth++) world.timeline.after(nth * RECONCILE_EVERY_SECONDS * 1000, 'reconcile', reconcile);
  });
}

/** An execution that ended other than by itself may have left its key. */
export function isBadEnd({ status }: ExecutionEnded): boolean {
  return status !== 'SUCCEEDED';
}

/** So may one that was redriven, and found itself superseded. It succeeds: the rule for ended executions does not hear of it. */
export function isSuperseded({ output }: ExecutionEnded): boolean {
  return supersededOutput.safeParse(output).success;
}

const supersededOutput = z.object({ outcome: z.literal('superseded') });
