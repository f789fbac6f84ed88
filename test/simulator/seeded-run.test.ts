import { DESIGNS } from '../../local/simulator/controls';
import { describeStep } from '../../local/simulator/run/describe-step';
import { FAULTS, isFaultName } from '../../local/simulator/run/faults';
import { planOf, type Profile } from '../../local/simulator/run/plan';
import { edgesIn, edgesOfDefinitions } from '../../local/simulator/run/reach';
import { play, profileOf, type RunOptions } from '../../local/simulator/run/run';

const options: RunOptions = { design: DESIGNS.keyturn, keys: 2, windows: 1, world: { wire: 'direct' } };
let profile: Profile;

beforeAll(async () => {
  profile = await profileOf(options);
}, 60_000);

const violationsOf = ({ verdicts }: Awaited<ReturnType<typeof play>>) => verdicts.flatMap(({ invariant, violations }) => violations.map(({ message }) => `${invariant}: ${message}`));

test('a run without faults promotes every key once and violates nothing, and every rule that can be checked without failures rests on something', async () => {
  const run = await play({ seed: 1, steps: [] }, options);
  expect(violationsOf(run)).toEqual([]);
  // A bootstrap creates the alias, and each window moves it.
  expect(run.rotations).toBe(4);
  expect(run.verdicts.filter(({ restsOn }) => restsOn > 0).length).toBeGreaterThan(20);
  expect(run.struck.size).toBe(0);
});

test.each([3, 21, 44])('seed %i is one run: the same trace every time, through the whole SDK and past its middleware', async (seed) => {
  const plan = planOf(seed, profile, FAULTS);
  expect(planOf(seed, profile, FAULTS)).toEqual(plan);
  const hashes: string[] = [];
  for (const wire of ['direct', 'direct', 'sdk'] as const) {
    const run = await play(plan, { ...options, world: { wire } });
    expect(violationsOf(run)).toEqual([]);
    hashes.push(run.hash);
  }
  expect(new Set(hashes).size).toBe(1);
}, 60_000);

test('a schedule that is missed for two of its periods rings once, and one that fires does not', async () => {
  const rung = async (steps: Parameters<typeof play>[0]['steps']): Promise<number> => {
    const run = await play({ seed: 1, steps }, options);
    expect(violationsOf(run)).toEqual([]);
    return run.trace.filter((event) => event.type === 'sns.published' && event.subject === 'ALARM: "starter-silent"').length;
  };
  expect(await rung([])).toBe(0);
  expect(await rung([{ at: 'moment', fault: 'schedule-missed', atMs: 26 * 3_600_000, ms: 4 * 3_600_000, key: 0 }])).toBe(1);
});

test('other seeds are other runs', async () => {
  const runs = await Promise.all([1, 2].map((seed) => play(planOf(seed, profile, FAULTS), options)));
  expect(runs[0]?.hash).not.toBe(runs[1]?.hash);
});

test('the seed that counts up goes through all faults, and each can be said in words', () => {
  const plans = FAULTS.map((_, seed) => planOf(seed, profile, FAULTS));
  expect(plans.map(({ steps }) => steps[0]?.fault)).toEqual(FAULTS);
  for (const step of plans.flatMap(({ steps }) => steps)) expect(describeStep(step, profile.chaosMs)).toContain(step.fault);
  expect(isFaultName('crash-before-call')).toBe(true);
  expect(isFaultName('crash')).toBe(false);
});

test('the edges that a run goes are edges of the definitions', async () => {
  const all = edgesOfDefinitions();
  expect(new Set(all).size).toBe(all.length);
  const gone = [...edgesIn((await play(planOf(7, profile, FAULTS), options)).trace)];
  expect(gone.length).toBeGreaterThan(15);
  expect(all).toEqual(expect.arrayContaining(gone));
});
