import { Effects } from '../../local/simulator/run/effects';
import { World } from '../../local/simulator/world';

/** What is left of some effects. @param ends texts, and when a function ended with them */
function digestOf(effects: readonly (readonly [text: string, endedMs?: number])[]): string {
  const kept = new Effects(new World({ wire: 'direct' }), true);
  for (const [text, endedMs] of effects) kept.add(() => text, endedMs);
  return kept.digests().effects;
}

test('functions that end at the same time, with nothing in between, end in any order', () => {
  expect(digestOf([['x'], ['a ended', 5], ['b ended', 5]])).toBe(digestOf([['x'], ['b ended', 5], ['a ended', 5]]));
  expect(digestOf([['a ended', 5], ['b ended', 5], ['c ended', 5]])).toBe(digestOf([['c ended', 5], ['b ended', 5], ['a ended', 5]]));
});

test.each<[string, Parameters<typeof digestOf>[0], Parameters<typeof digestOf>[0]]>([
  ['ends at different times', [['a ended', 5], ['b ended', 6]], [['b ended', 6], ['a ended', 5]]],
  ['an effect between two ends', [['a ended', 5], ['x'], ['b ended', 5]], [['b ended', 5], ['x'], ['a ended', 5]]],
  ['effects that are no ends', [['x'], ['y']], [['y'], ['x']]],
  ['one end more', [['a ended', 5], ['a ended', 5]], [['a ended', 5]]],
])('%s are told apart', (_, one, other) => expect(digestOf(one)).not.toBe(digestOf(other)));

/** The functions of two states fail, one after the other, and a state is tried again. */
async function retried(functions: readonly ('settle' | 'abort-safely')[], state: string): Promise<string> {
  const world = new World({ wire: 'direct' });
  const kept = new Effects(world, true);
  for (const name of functions) await world.interceptInvocation(name, {}, () => Promise.resolve({ ok: false, error: 'Throttled', cause: '' }));
  world.trace.emit({ type: 'states.task-retried', actor: 'states', execution: 'x', state, error: 'Throttled', delaySeconds: 1 });
  return kept.digests().effects;
}

test('of failures the one is forgotten whose state is tried again', async () => {
  expect(await retried(['settle', 'abort-safely'], 'Settle')).toBe(await retried(['abort-safely'], 'Settle'));
  expect(await retried(['settle', 'abort-safely'], 'Abort Safely')).toBe(await retried(['settle'], 'Abort Safely'));
  expect(await retried(['settle'], 'Settle')).not.toBe(await retried(['settle'], 'Abort Safely'));
});
