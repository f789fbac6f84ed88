import { describeStep, planOf, type Plan, type Profile } from '../simulator/run/plan';
import { play, type Run } from '../simulator/run/run';
import { shrink } from '../simulator/run/shrink';
import { excerptOf } from '../simulator/run/timeline';
import type { Found } from './outcome';
import { ALL_FAULTS, faultsOf, runOptionsOf, type Settings } from './settings';

/** A violation as a person can look into it. */
export interface Explained extends Found {
  /** The faults and triggers without which it does not happen. */
  readonly steps: readonly string[];
  readonly timeline: readonly string[];
  readonly replay: string;
}

/** Shrinks the run until no fault can be spared, and says what happens in it. */
export async function explain(found: Found, settings: Settings, profile: Profile): Promise<Explained> {
  const options = runOptionsOf(settings);
  const violationIn = (run: Run) => run.verdicts.find(({ invariant, violations }) => invariant === found.invariant && violations.length > 0);
  const fails = async (plan: Plan): Promise<boolean> => violationIn(await play(plan, options)) !== undefined;
  const plan = await shrink(planOf(found.seed, profile, faultsOf(settings)), fails);
  const run = await play(plan, options);
  const [violation] = violationIn(run)?.violations ?? [];
  return {
    ...found,
    message: violation?.message ?? found.message,
    steps: plan.steps.map(describeStep),
    timeline: excerptOf(run.trace, new Set(violation?.events)),
    replay: `npm run simulate -- --replay ${found.seed}${optionsText(settings)}`,
  };
}

/** The options that make a campaign what it is, as they are typed. */
export function optionsText({ design, keys, windows, faults, plant, wire }: Settings): string {
  const shown = [`--keys ${keys}`, `--windows ${windows}`];
  if (design !== 'keyturn') shown.push(`--design ${design}`);
  if (wire !== 'sdk') shown.push(`--wire ${wire}`);
  if (plant !== null) shown.push(`--plant ${plant}`);
  if (faults.length < ALL_FAULTS.length) shown.push(`--faults ${faults.length === 0 ? 'none' : faults.join(',')}`);
  return ` ${shown.join(' ')}`;
}
