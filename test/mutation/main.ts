import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { AREA_NAMES, AREAS, ASL_THRESHOLD, type AreaName } from './areas';
import { changesOfDefinitions } from './asl/run';
import { EXPLAINED } from './explained';
import { changeOf, judge, type Judged, type Judgement } from './judge';
import { mutantsOf } from './mutants';

interface Options {
  readonly concurrency: number;
  readonly file: readonly string[];
  readonly incremental: boolean;
}

interface Row {
  readonly area: AreaName;
  readonly judgement: Judgement;
  readonly threshold: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const command = new Command('npm run mutate --')
    .usage('[area...] [options]')
    .description('Breaks the sources and the definitions on purpose, one place at a time, in a copy, and shows which changes no test notices.')
    .addArgument(new Argument('[area...]', 'what is changed; by default everything').choices(AREA_NAMES))
    .option('--concurrency <processes>', 'how many processes test at once', positive, 1)
    .option('--file <path...>', 'only these sources of the area; what is explained of others is not looked at', [])
    .option('--incremental', 'takes over what the last such run found where neither the source nor its tests have changed since', false)
    .addHelpText('after', `\nFails when a change is neither noticed nor explained in test/mutation/explained.ts, when an explanation there is outdated,\nand when a score is too low: ${AREA_NAMES.map((name) => `${name} ${thresholdOf(name)} %`).join(', ')}. Reports: coverage/mutation/<area>.html and .json.`);
  command.parse();
  const { concurrency, file, incremental } = command.opts<Options>();
  const areas = command.args.length === 0 ? AREA_NAMES : (command.args as AreaName[]);
  const rows: Row[] = [];
  for (const area of areas) {
    const startedMs = performance.now();
    const changes = area === 'asl' ? await changesOfDefinitions(progress) : await mutantsOf(area, AREAS[area], { concurrency, files: file, incremental });
    writeFileSync(join(__dirname, `../../coverage/mutation/${area}.json`), JSON.stringify(changes, null, 1));
    const list = EXPLAINED[area].filter((entry) => file.length === 0 || file.includes(entry.file));
    rows.push({ area, judgement: judge(changes, list), threshold: thresholdOf(area), seconds: (performance.now() - startedMs) / 1000 });
  }
  report(rows);
}

const thresholdOf = (area: AreaName): number => (area === 'asl' ? ASL_THRESHOLD : AREAS[area].threshold);

function positive(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return count;
}

function progress(done: number, total: number): void {
  if (done % 100 === 0 || done === total) process.stdout.write(`${done} of ${total} changes tested\n`);
}

/** Sets the exit code, too. */
function report(rows: readonly Row[]): void {
  const table = new Table({ head: ['area', 'changes', 'noticed', 'equivalent', 'accepted', 'unexplained', 'score', 'at least', 'seconds'], style: { head: [], border: [] } });
  for (const { area, judgement, threshold, seconds } of rows) {
    const { changes, noticed, equivalent, accepted, unexplained, score } = judgement;
    table.push([area, changes, noticed, equivalent, accepted, unexplained.length, `${score.toFixed(1)} %`, `${threshold} %`, Math.round(seconds)]);
    for (const change of unexplained) process.stdout.write(`NOT NOTICED  ${shown(change)}\n`);
    for (const { entry, found } of judgement.outdated) {
      process.stdout.write(`OUTDATED     ${entry.file}: ${entry.code ?? entry.kind ?? ''} ${entry.change ?? ''} is explained ${entry.count ?? 1} times and survived ${found} times\n`);
    }
    if (score < threshold) process.stdout.write(`TOO LOW      ${area}: ${score.toFixed(2)} % of the changes are noticed, at least ${threshold} % must be\n`);
    if (score < threshold || unexplained.length > 0 || judgement.outdated.length > 0) process.exitCode = 1;
  }
  process.stdout.write(`${table.toString()}\n`);
}

function shown(change: Judged): string {
  return `${change.file}:${change.line} ${change.kind} ${changeOf(change)}\n             in: ${change.code}`;
}

void main();
