import { isBadEnd, isSuperseded, reconcileAfter } from '../../local/simulator/run/bad-ends';
import { World } from '../../local/simulator/world';

const MINUTE = 60_000;

test.each<[string, typeof isBadEnd, string, string | null, readonly number[]]>([
  ['was superseded', isSuperseded, 'SUCCEEDED', 'superseded', [15, 30]],
  ['completed', isSuperseded, 'SUCCEEDED', 'completed', []],
  ['said nothing', isSuperseded, 'SUCCEEDED', null, []],
  ['completed', isBadEnd, 'SUCCEEDED', 'completed', []],
  ['was stopped', isBadEnd, 'ABORTED', null, [15, 30]],
])('behind an execution that %s the reconciliation fires (%p) after %s, %s: at minutes %j', async (_, isFindable, status, outcome, minutes) => {
  const world = new World({ wire: 'direct' });
  const fired: number[] = [];
  const fromMs = world.timeline.nowMs();
  reconcileAfter(world, isFindable, 2, () => fired.push((world.timeline.nowMs() - fromMs) / MINUTE));
  world.trace.emit({ type: 'states.execution-ended', actor: 'states', execution: 'x', status, output: outcome === null ? null : { outcome } });
  await world.timeline.runUntil(fromMs + 60 * MINUTE);
  expect(fired).toEqual(minutes);
});
