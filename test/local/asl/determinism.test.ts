import fc from 'fast-check';
import type { HistoryEvent } from '../../../local/asl/history';
import { fail, InterpreterKit, machine, TASK } from './kit';

/** Chance in many places: jitter, $random, $uuid, $shuffle, and tasks that fail by chance. */
const DEFINITION = machine({
  M: {
    Type: 'Map',
    Items: '{% $shuffle([1..5]) %}',
    MaxConcurrency: 3,
    ItemProcessor: {
      StartAt: 'T',
      States: {
        T: {
          Type: 'Task',
          Resource: TASK,
          Arguments: { id: '{% $uuid() %}', draw: '{% $random() %}', at: '{% $now() %}' },
          Retry: [{ ErrorEquals: ['Unlucky'], IntervalSeconds: 30, MaxAttempts: 2, JitterStrategy: 'FULL' }],
          End: true,
        },
      },
    },
    End: true,
  },
});

/** A small generator of the test's own: same seed, same numbers. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function historyOf(seed: number): Promise<readonly HistoryEvent[]> {
  const random = generator(seed);
  const kit = new InterpreterKit({ random, task: (parameters) => (random() < 0.4 ? fail('Unlucky') : parameters) });
  return (await kit.run(DEFINITION)).history.events();
}

test('the same chance gives the same history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      expect(await historyOf(seed)).toEqual(await historyOf(seed));
    }),
    { numRuns: 20 },
  );
});

test('other chance gives another history', async () => {
  expect(await historyOf(1)).not.toEqual(await historyOf(2));
});
