import { cpus } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import Table from 'cli-table3';
import { campaign } from './campaign';
import { crashPoints, type Explored, type Part } from './crash-points';
import { explain, type Explained, numberedSteps, optionsText } from './explain';
import type { Found } from './outcome';
import { note, progress } from './progress';
import { jsonOf, MODES, reachOf, type Report, textOf, withoutPlantWords } from './report';
import { ALL_FAULTS, faultsOf, plantNamed, profileFor, runOptionsOf, type Settings, type Wire, WIRES } from './settings';
import { DESIGN_NAMES, type DesignName } from '../simulator/controls';
import { PLANTS } from '../simulator/plants';
import { LIVES } from '../simulator/run/crash-life';
import { type FaultName, isFaultName } from '../simulator/run/faults';
import { planOf } from '../simulator/run/plan';
import { play } from '../simulator/run/run';
import { shortNames, timelineOf } from '../simulator/run/timeline';

// The SDK's word that it will want a newer Node some day is not what anybody asked for.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly keys: number;
  readonly windows: number;
  readonly faults?: readonly FaultName[];
  readonly design: DesignName;
  readonly plant?: string;
  readonly replay?: number;
  readonly only?: readonly number[];
  readonly wire: Wire;
  readonly jobs: number;
  readonly json?: boolean;
  readonly requireReach?: boolean;
  readonly crashPoints?: boolean;
  readonly depth: number;
  readonly triples: number;
  readonly everyPair: number;
  readonly life?: string;
  readonly part: Part;
  readonly verifySkipped: number;
}

const ALL = 'all';

/** So many violations are shrunk and shown, each of another invariant. */
const MAX_EXPLAINED = 3;

async function simulate(options: Options): Promise<number> {
  const misfit = misfitOf(options);
  if (misfit !== undefined) return refuse(misfit);
  if (options.crashPoints === true) return enumerate(options);
  if (options.plant === ALL) return huntPlants(options);
  const settings = settingsOf(options, options.plant ?? null);
  if (options.replay !== undefined) return replay(options.replay, settings, options);
  const profile = await profileFor(settings);
  const onViolation = ({ seed, invariant, message }: Found): void => { note(`seed ${seed} violates ${invariant}: ${message}`); };
  const tally = await campaign({ settings, profile, fromSeed: options.seed, runs: options.runs, jobs: options.jobs, onOutcome: progress(options.runs), onViolation });
  const firstOfEach = tally.found.filter(({ invariant }, index) => tally.found.findIndex((other) => other.invariant === invariant) === index);
  const explained = new Map<Found, Explained>();
  for (const found of firstOfEach.slice(0, MAX_EXPLAINED)) {
    note(`shrinking seed ${found.seed}: ${found.invariant} …`);
    explained.set(found, await explain(found, settings, profile));
  }
  const reach = reachOf(settings, profile, tally);
  const report: Report = { settings, fromSeed: options.seed, tally, reach, explained };
  print(options.json === true ? `${JSON.stringify(jsonOf(report), null, 2)}\n` : textOf(report));
  const notReached = [...reach.unreached, ...reach.missing];
  if (options.requireReach === true && notReached.length > 0) return refuse(`Not reached, so these runs prove nothing about it: ${notReached.join('; ')}`);
  return tally.violatingRuns === 0 && tally.foundWithoutPlant.length === 0 ? 0 : 1;
}

function settingsOf({ design, keys, windows, faults = ALL_FAULTS, wire }: Options, plant: string | null): Settings {
  return { design, keys, windows, faults, plant, wire };
}

/** Each planted bug under the same seeds, until it is caught. @returns 1 when one is not, or when keyturn violates something without it */
async function huntPlants(options: Options): Promise<number> {
  const hunted: { plant: string; off: string; seeds: number | null; invariant: string | null }[] = [];
  const withoutPlant: Found[] = [];
  const profile = await profileFor(settingsOf(options, null));
  for (const { name, off } of PLANTS) {
    const settings = settingsOf(options, name);
    const of = `${hunted.length + 1} of ${PLANTS.length}: ${name}: `;
    const tally = await campaign({ settings, profile, fromSeed: options.seed, runs: options.runs, jobs: options.jobs, onOutcome: progress(options.runs, 'runs', of), stopAtFirstViolation: true });
    const [first] = tally.found;
    hunted.push({ plant: name, off, seeds: first === undefined ? null : first.seed - options.seed + 1, invariant: first?.invariant ?? null });
    withoutPlant.push(...tally.foundWithoutPlant);
    note(`${of}${first === undefined ? `NOT FOUND in ${tally.runs} runs` : `found by seed ${first.seed}: ${first.invariant}`}`);
  }
  const missed = hunted.filter(({ seeds }) => seeds === null);
  if (options.json === true) print(`${JSON.stringify({ plants: hunted, found: hunted.length - missed.length, total: hunted.length, violationsWithoutPlant: withoutPlant }, null, 2)}\n`);
  else {
    const table = new Table({ head: ['planted bug', 'protection that is off', 'seeds', 'violates'], style: { head: [], border: [] }, wordWrap: true, colWidths: [26, 60, 8, 40] });
    for (const { plant, off, seeds, invariant } of hunted) table.push([plant, off, seeds ?? '-', invariant ?? 'NOT FOUND']);
    print([table.toString(), `${hunted.length - missed.length} of ${hunted.length} planted bugs were found, under at most ${options.runs} seeds each.`, ...withoutPlantWords(withoutPlant), ''].join('\n'));
  }
  return missed.length === 0 && withoutPlant.length === 0 ? 0 : 1;
}

/** Options that would be ignored beside each other. @returns what to do about it */
function misfitOf({ crashPoints = false, design, plant, replay: seed, only }: Options): string | undefined {
  const isGiven = (name: string): boolean => program.getOptionValueSource(name) === 'cli';
  const one = ['depth', 'triples', 'everyPair', 'life', 'part', 'verifySkipped'].find(isGiven);
  if (!crashPoints && one !== undefined) return `${program.options.find((option) => option.attributeName() === one)?.long ?? one} belongs to --crash-points; give both, or neither.`;
  const other = ['design', 'plant', 'replay', 'faults', 'runs', 'keys', 'windows', 'requireReach'].find(isGiven);
  if (crashPoints && other !== undefined) return `--crash-points plays keyturn's own lives with one mishap after the other; take --${other === 'requireReach' ? 'require-reach' : other} away.`;
  if (plant !== undefined && design !== 'keyturn') return `--plant switches a protection of keyturn off; ${design} has none of them. Take --design or --plant away.`;
  if (only !== undefined && seed === undefined) return '--only plays some faults of one run again; say with --replay <seed> which run.';
  if (plant === ALL && seed !== undefined) return '--replay plays one run; name one planted bug instead of all.';
  return undefined;
}

/** Each mishap at each place. @returns 1 when a life did not end as it should */
async function enumerate({ json, ...options }: Options): Promise<number> {
  const { found, seconds, ...counts } = await crashPoints({ ...options, life: options.life });
  const { callSites, lives, singles, pairs, triples, verified } = counts;
  if (json === true) print(`${JSON.stringify({ ...counts, mode: MODES[options.wire], violations: found, seconds: Math.round(seconds) }, null, 2)}\n`);
  else {
    const line = (what: string, { total, explored, lived, violations }: Explored): string => `${what}: ${explored} of ${total} explored by ${lived} lives, ${violations} ended otherwise than they should\n`;
    print(`${callSites} call sites; ${lives.map(({ life, places, points, classes }) => `${life}: ${points} mishaps at ${places} places make ${classes} different lives`).join('; ')}\nRan: ${MODES[options.wire]}.\n${line('singles', singles)}${line('pairs', pairs)}${line('triples', triples)}`);
    if (options.depth > 1) print(`${verified.compared} pairs that were left out were lived all the same: ${verified.differences.length} differ from what stands for them\n`);
    for (const difference of verified.differences) print(`  ${difference}\n`);
    for (const { life, points, finding } of found) print(`\n${life}\n${points.map((point) => `  - ${point}\n`).join('')}  ${finding}\n`);
  }
  return singles.violations + pairs.violations + triples.violations + verified.differences.length === 0 ? 0 : 1;
}

/** @returns 1 when an invariant was violated, or when `only` names a fault that the run does not have */
async function replay(seed: number, settings: Settings, { only, json }: Options): Promise<number> {
  const whole = planOf(seed, await profileFor(settings), faultsOf(settings));
  const { length } = whole.steps;
  const unknown = only?.find((number) => number > length);
  if (unknown !== undefined) return refuse(`--only names fault ${unknown}; the run of seed ${seed} has ${length === 0 ? 'none: take --only away' : `${length}. Allowed: numbers from 1 to ${length} with commas between, or none; --replay without --only prints them`}.`);
  const plan = only === undefined ? whole : { ...whole, steps: whole.steps.filter((_, index) => only.includes(index + 1)) };
  const run = await play(plan, runOptionsOf(settings));
  const violated = run.verdicts.filter(({ status }) => status === 'violated');
  const exitCode = violated.length === 0 ? 0 : 1;
  if (json === true) {
    for (const event of run.trace) print(`${JSON.stringify(event)}\n`);
    return exitCode;
  }
  const marked = new Set(violated.flatMap(({ violations }) => violations.flatMap(({ events }) => events)));
  const short = shortNames(run.trace);
  print(`Seed ${seed}${only === undefined ? '' : `, ${plan.steps.length} of its ${length} faults`}:${optionsText(settings)}\n${numberedSteps(plan, whole, run.chaosMs).map((step) => `  ${step}\n`).join('')}\n${timelineOf(run.trace, marked).join('\n')}\n\n`);
  for (const { invariant, status, restsOn, violations, reason } of run.verdicts) {
    print(`${status.toUpperCase().padEnd(14)} ${invariant}${status === 'held' ? ` (on ${restsOn} facts)` : reason === undefined ? '' : `: ${reason}`}\n${violations.map(({ message, events }) => `    ${short(message)} (events ${events.join(', ')})\n`).join('')}`);
  }
  print(`Trace hash: ${run.hash}\n`);
  return exitCode;
}

/** @returns the exit code */
function refuse(why: string): number {
  process.stderr.write(`${why}\n`);
  return 1;
}

function print(text: string): void {
  process.stdout.write(text);
}

function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`Allowed: a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}.`);
    return value;
  };
}

function stepNumbers(text: string): readonly number[] {
  if (text === 'none') return [];
  return text.split(',').map((one) => {
    if (!/^[1-9]\d*$/.test(one)) throw new InvalidArgumentError(`There is no fault number "${one}". Allowed: none, or numbers from 1 as --replay prints them, with commas between.`);
    return Number(one);
  });
}

function faultNames(text: string): readonly FaultName[] {
  if (text === ALL) return ALL_FAULTS;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    if (!isFaultName(name)) throw new InvalidArgumentError(`There is no fault ${name}. Allowed: all, none, or some of ${ALL_FAULTS.join(', ')}, with commas between.`);
    return name;
  });
}

function plantName(text: string): string {
  if (text !== ALL && plantNamed(text) === undefined) throw new InvalidArgumentError(`There is no planted bug ${text}. Allowed: all, or one of ${PLANTS.map(({ name }) => name).join(', ')}.`);
  return text;
}

function partOf(text: string): Part {
  const [, number, of] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text) ?? [];
  if (of === undefined || Number(number) > Number(of)) throw new InvalidArgumentError(`There is no part ${text}. Allowed: i/n with i from 1 to n, such as 2/4.`);
  return { number: Number(number), of: Number(of) };
}

const program = new Command('simulate')
  .description(`Plays rotations under faults, one run per seed, and checks every invariant on what was applied.
The same seed is the same run. Exit code 1 when an invariant was violated.`)
  .option('--runs <count>', 'how many runs; seeds count up', wholeNumber(1), 100)
  .option('--seed <seed>', 'seed of the first run', wholeNumber(0, 2 ** 31 - 1), 0)
  .option('--keys <count>', 'keys in each run', wholeNumber(1, 20), 2)
  .option('--windows <count>', 'windows that begin under faults, at most', wholeNumber(1, 30), 2)
  .option('--faults <names>', 'all, none, or names with commas between (default: all)', faultNames)
  .addOption(new Option('--design <name>', 'what rotates the keys').choices(DESIGN_NAMES).default('keyturn'))
  .option('--plant <bug>', 'switches one protection of keyturn off; all: each in turn, until it is found', plantName)
  .option('--replay <seed>', 'plays one run and prints its trace', wholeNumber(0, 2 ** 31 - 1))
  .option('--only <numbers>', 'with --replay: only these faults of the run, by the numbers that --replay prints, with commas between; or none', stepNumbers)
  .addOption(new Option('--wire <how>', 'how functions reach the services: through the whole SDK, or past its middleware, which is faster').choices(WIRES).default('sdk'))
  .option('--crash-points', 'instead: a bootstrap, a rotation, and one with a failure and an approval, with each mishap at each SDK call and each state')
  .option('--depth <count>', 'with --crash-points: 1 single mishaps, 2 also all pairs, 3 also some triples', wholeNumber(1, 3), 3)
  .option('--triples <count>', 'with --crash-points and --depth 3: how many triples', wholeNumber(0), 1000)
  .option('--every-pair <n>', 'with --crash-points: of the pairs that have to be lived every nth', wholeNumber(1), 1)
  .addOption(new Option('--life <name>', 'with --crash-points: only this life').choices(LIVES.map(({ name }) => name)))
  .option('--part <i/n>', 'with --crash-points: of the pairs that have to be lived only the ith of n parts; the pairs explored add up', partOf, { number: 1, of: 1 })
  .option('--verify-skipped <count>', 'with --crash-points: so many pairs that are equal to others are lived all the same, and compared', wholeNumber(0), 500)
  .option('--jobs <count>', 'processes that run at once', wholeNumber(1, 256), cpus().length)
  .option('--require-reach', 'exit code 1 also when a fault or an edge of the definitions was not reached')
  .option('--json', 'prints one JSON document; with --replay one event a line (npm run --silent keeps what npm says itself out of it)')
  .exitOverride();

async function main(): Promise<number> {
  // Whoever reads no further, as head does, has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  try {
    program.parse();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  return simulate(program.opts<Options>());
}

void main().then(
  (exitCode) => { process.exitCode = exitCode; },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);

