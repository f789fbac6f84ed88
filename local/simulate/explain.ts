import { describeStep } from '../simulator/run/describe-step';
import { planOf, type Plan, type Profile, type Step } from '../simulator/run/plan';
import { play, type Run } from '../simulator/run/run';
import { shrink } from '../simulator/run/shrink';
import { excerptOf, shortNames } from '../simulator/run/timeline';
import type { Found } from './outcome';
import { ALL_FAULTS, faultsOf, runOptionsOf, type Settings } from './settings';

/** A violation as a person can look into it. */
export interface Explained extends Found {
  /** The faults and triggers without which it does not happen, with the numbers that they have in the whole run. */
  readonly steps: readonly string[];
  readonly timeline: readonly string[];
  /** What plays exactly this again: the shrunk run. */
  readonly replay: string;
  /** How many faults the whole run has. */
  readonly stepsOfWholeRun: number;
}

/** Shrinks the run until no fault can be spared, and says what happens in it. */
export async function explain(found: Found, settings: Settings, profile: Profile): Promise<Explained> {
  const options = runOptionsOf(settings);
  const violationIn = (run: Run) => run.verdicts.find(({ invariant, violations }) => invariant === found.invariant && violations.length > 0);
  const fails = async (plan: Plan): Promise<boolean> => violationIn(await play(plan, options)) !== undefined;
  const whole = planOf(found.seed, profile, faultsOf(settings));
  const plan = await shrink(whole, fails);
  const run = await play(plan, options);
  const [violation] = violationIn(run)?.violations ?? [];
  return {
    ...found,
    message: shortNames(run.trace)(violation?.message ?? found.message),
    steps: numberedSteps(plan, whole, run.chaosMs),
    timeline: excerptOf(run.trace, new Set(violation?.events)),
    replay: `npm run simulate -- --replay ${found.seed}${onlyText(plan, whole)}${optionsText(settings)}`,
    stepsOfWholeRun: whole.steps.length,
  };
}

/** The steps of a plan in words, each with the number that it has in the whole plan. */
export function numberedSteps(plan: Plan, whole: Plan, chaosMs: number): readonly string[] {
  return plan.steps.map((step) => `${numberOf(step, whole)}. ${describeStep(step, chaosMs)}`);
}

function onlyText(plan: Plan, whole: Plan): string {
  if (plan.steps.length === whole.steps.length) return '';
  return ` --only ${plan.steps.length === 0 ? 'none' : plan.steps.map((step) => numberOf(step, whole)).join(',')}`;
}

function numberOf(step: Step, whole: Plan): number {
  return whole.steps.indexOf(step) + 1;
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
