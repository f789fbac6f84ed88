import { outcomeOf } from '../../../local/simulate/outcome';
import { withoutPlantWords } from '../../../local/simulate/report';
import type { Run } from '../../../local/simulator/run/run';

/** A run that violates some invariants. */
function runWith(...invariants: readonly string[]): Run {
  const verdicts = invariants.map((invariant) => ({ invariant, status: 'violated', restsOn: 1, violations: [{ message: 'so it is', events: [] }] }));
  return { plan: { seed: 7, steps: [] }, verdicts, trace: [], hash: 'h', rotations: 1, struck: new Map() } as unknown as Run;
}

const found = (invariant: string) => ({ seed: 7, invariant, message: 'so it is' });

test('a planted bug is found by what the same run does not violate without it', () => {
  const { found: byPlant, foundWithoutPlant } = outcomeOf(runWith('1 one', '2 two'), runWith('2 two', '3 three'));
  expect(byPlant).toEqual([found('1 one')]);
  expect(foundWithoutPlant).toEqual([found('2 two'), found('3 three')]);
});

test('what a run violates without a planted bug is said', () => {
  const { foundWithoutPlant } = outcomeOf(runWith('2 two'), runWith('2 two'));
  expect(withoutPlantWords(foundWithoutPlant)).toEqual(['Without the planted bug seed 7 violates, too: 2 two: so it is']);
});

test('a run of its own is compared with nothing', () => {
  expect(outcomeOf(runWith('1 one'))).toMatchObject({ seed: 7, found: [found('1 one')], foundWithoutPlant: [] });
});
