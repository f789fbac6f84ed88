import { EqualPairs, type Known } from '../../../local/simulate/equal-pairs';
import { live, LIVES, type Life, type Lived, pointsAt } from '../../../local/simulator/run/crash-life';

const [bootstrap] = LIVES as [Life];

/** The undisturbed bootstrap, and its first `count` single mishaps. */
async function knownLives(count: number): Promise<Known[]> {
  const undisturbed = await live(bootstrap, [], {}, true);
  const known: Known[] = [{ point: undefined, lived: undisturbed }];
  for (const point of undisturbed.places.flatMap(pointsAt).slice(0, count)) known.push({ point, lived: await live(bootstrap, [point], {}, true) });
  return known;
}

let known: readonly Known[];
beforeAll(async () => { known = await knownLives(200); }, 60_000);

test('every mishap after every other one is a pair, and most are equal to one that is lived', () => {
  const pairs = [...new EqualPairs('bootstrap', known).pairs()];
  const lived = new Set(pairs.flatMap(({ equal }) => (equal.length === 2 ? [JSON.stringify(equal)] : [])));
  const all = new Set(pairs.map(({ points }) => JSON.stringify(points)));
  expect(all.size).toBe(pairs.length);
  for (const pair of lived) expect(all).toContain(pair);
  expect(lived.size).toBeLessThan(pairs.length / 3);
});

test('a pair that is left out makes the life that stands for it', async () => {
  const skipped = [...new EqualPairs('bootstrap', known).pairs()].filter(({ points, equal }) => JSON.stringify(points) !== JSON.stringify(equal));
  for (const { points, equal } of skipped.filter((_, index) => index % Math.floor(skipped.length / 8) === 0)) {
    const [one, other] = [await live(bootstrap, points, {}, true), await live(bootstrap, equal, {}, true)];
    expect([points, one.digests?.effects, one.findings]).toEqual([points, other.digests?.effects, other.findings]);
  }
}, 60_000);

test('mishaps that should make equal lives and do not are an error that names both', () => {
  expect(() => { new EqualPairs('bootstrap', known).assertAlike(); }).not.toThrow();
  const second = known.findIndex(({ point }) => point?.mishap === 'crash-before' && point.index === 1);
  const other = withEffects(known[second]!.lived, 'other');
  const spoiled = known.map((life, index) => (index === second ? { ...life, lived: other } : life));
  expect(() => { new EqualPairs('bootstrap', spoiled).assertAlike(); }).toThrow(/bootstrap: crash-before at call 1 and crash-before at call \d+ should make equal lives, but their effects differ/);
});

test('a function that goes on after a read whose loss ended all others is an error', () => {
  const lost = known.find(({ point, lived }) => point?.mishap === 'answer-lost' && lived.endings[0] === 'RegistryBusy')!;
  const pairs = new EqualPairs('bootstrap', known);
  expect(() => { pairs.assertEnding(lost.lived, [lost.point!]); }).not.toThrow();
  expect(() => { pairs.assertEnding({ ...lost.lived, endings: [undefined] }, [lost.point!]); }).toThrow(/ended at once with RegistryBusy; after answer-lost at call \d+ it went on/);
});

function withEffects(lived: Lived, effects: string): Lived {
  return { ...lived, digests: { fromPlace: lived.digests?.fromPlace ?? [], effects } };
}
