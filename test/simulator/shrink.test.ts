import fc from 'fast-check';
import type { Plan, Step } from '../../local/simulator/run/plan';
import { shrink } from '../../local/simulator/run/shrink';

const step = (nth: number): Step => ({ at: 'question', fault: 'dependent-silent', nth });
const nths = ({ steps }: Plan): readonly number[] => steps.map((one) => (one.at === 'question' ? one.nth : -1));

test('what fails because of some steps is shrunk to exactly these', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(20), { maxLength: 12 }), fc.infiniteStream(fc.boolean()), async (all, picks) => {
      const needed = all.filter(() => picks.next().value);
      let plays = 0;
      const shrunk = await shrink({ seed: 1, steps: all.map(step) }, (plan) => {
        plays++;
        return Promise.resolve(needed.every((nth) => nths(plan).includes(nth)));
      });
      expect(nths(shrunk)).toEqual(needed);
      expect(plays).toBeLessThan(200);
    }),
  );
});

test('what fails without any step is shrunk to none', async () => {
  const shrunk = await shrink({ seed: 1, steps: [step(1), step(2)] }, () => Promise.resolve(true));
  expect(shrunk.steps).toEqual([]);
});
