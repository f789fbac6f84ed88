import { ACCOUNT, TOPIC_ARN } from '../deployment';
import type { World } from '../world';

const MINUTE = 60_000;
const ALARM_PERIOD = 5 * MINUTE;
const CLOUDWATCH = { accountId: ACCOUNT, arn: 'cloudwatch.amazonaws.com', userId: 'cloudwatch' };

/** CloudWatch's alarms on the machine, as the stack has them: after its period each tells of executions that ended other than by themselves. */
export function alarm(world: World): void {
  onBadEnd(world, (status) => {
    const name = `executions-${status.toLowerCase().replace('_', '-')}`;
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

/** The reconciliation fires every 15 minutes on AWS. In a run it fires seldom while nothing happens, which would find nothing, and as often when there is something to find. */
export function afterBadEnds(world: World, reconcile: () => void): void {
  onBadEnd(world, () => {
    for (const minutes of [15, 30, 45, 60]) world.timeline.after(minutes * MINUTE, 'reconcile', reconcile);
  });
}

function onBadEnd(world: World, act: (status: string) => void): void {
  world.trace.onEvent((event) => {
    if (event.type === 'states.execution-ended' && event.status !== 'SUCCEEDED') act(event.status);
  });
}
