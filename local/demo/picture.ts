import Table from 'cli-table3';
import type { ManagedKey, KeyVersion } from '../../lambdas/domain/managed-key';
import { msOf } from '../../lambdas/domain/instant';
import type { Verdict } from '../../lambdas/domain/checker';

/** One key at the end of the run, with all its versions in order. */
export interface KeyPicture {
  readonly key: ManagedKey;
  readonly aliasTarget: string | null;
  readonly versions: readonly KeyVersion[];
}

/** No lines between rows, no colours: the tables are read, diffed and piped. */
const PLAIN = { style: { head: [], border: [] }, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } };

const DAY_MS = 86_400_000;
/** One character of the timeline stands for so many days. */
const DAYS_PER_CELL = 5;

const CELLS = [
  ['■', 'ACTIVE'],
  ['▒', 'DEPRECATED'],
  ['░', 'DISABLED'],
  ['·', 'REVOKED'],
  ['†', 'DESTROYED'],
] as const;

/** Keys and versions as a table. */
export function keyTable(pictures: readonly KeyPicture[]): string {
  const table = new Table({ head: ['key', 'alias', 'retirement', 'version', 'status', 'KMS key', 'active since', 'alias points here'], ...PLAIN });
  for (const { key, aliasTarget, versions } of pictures) {
    versions.forEach((version, position) => {
      table.push([
        position === 0 ? key.name : '',
        position === 0 ? key.policy.alias : '',
        position === 0 ? key.policy.retirement : '',
        `v${version.number}`,
        version.status,
        version.kmsKeyId ?? '',
        date(version.activatedAt),
        version.kmsKeyId === aliasTarget ? 'yes' : '',
      ]);
    });
  }
  return table.toString();
}

/** The life of every version, one line each, and below them the dates of each retirement. */
export function timeline(pictures: readonly KeyPicture[], fromMs: number, untilMs: number): string {
  const lines = [`${' '.repeat(6)}${months(fromMs, untilMs)}`];
  for (const { key, versions } of pictures) {
    lines.push(`${key.name} (every ${key.policy.rotateEverySeconds / 86_400} days, ${key.policy.retirement})`);
    for (const version of versions) lines.push(`  ${`v${version.number}`.padEnd(4)}${bar(version, fromMs, untilMs)}`);
    for (const version of versions.filter((candidate) => candidate.disableNotBefore !== undefined)) lines.push(`      ${story(version)}`);
  }
  lines.push(`one character is ${DAYS_PER_CELL} days: ${CELLS.map(([cell, meaning]) => `${cell} ${meaning}`).join('   ')}`);
  return lines.join('\n');
}

function bar(version: KeyVersion, fromMs: number, untilMs: number): string {
  const cells: string[] = [];
  for (let ms = fromMs; ms < untilMs; ms += DAYS_PER_CELL * DAY_MS) cells.push(cellAt(version, ms + (DAYS_PER_CELL * DAY_MS) / 2));
  return cells.join('').trimEnd();
}

function cellAt(version: KeyVersion, ms: number): string {
  const has = (instant: string | undefined): boolean => instant !== undefined && msOf(instant) <= ms;
  if (has(version.destroyedAt)) return '†';
  if (has(version.revokedAt)) return '·';
  if (has(version.disabledAt)) return '░';
  if (has(version.deprecatedAt)) return '▒';
  return has(version.activatedAt) ? '■' : ' ';
}

function months(fromMs: number, untilMs: number): string {
  let line = '';
  for (let ms = fromMs; ms < untilMs; ms += DAYS_PER_CELL * DAY_MS) {
    const month = new Date(ms).toISOString().slice(0, 7);
    const isNew = ms === fromMs || new Date(ms - DAYS_PER_CELL * DAY_MS).toISOString().slice(0, 7) !== month;
    const column = (ms - fromMs) / (DAYS_PER_CELL * DAY_MS);
    if (isNew && line.length < column + 1 && (line === '' || line.length < column)) line = line.padEnd(column) + month.slice(2);
  }
  return line;
}

function story(version: KeyVersion): string {
  const steps = [
    ['replaced by', version.supersededBy === undefined ? undefined : `v${version.supersededBy} ${date(version.deprecatedAt)}`],
    ['drain until', `${date(version.disableNotBefore)}${version.drainExtensions === undefined ? '' : ` (extended ${version.drainExtensions}×: it was still in use)`}`],
    ['disabled', date(version.disabledAt)],
    ['bake until', version.revokedAt === undefined ? undefined : date(version.revokeNotBefore)],
    ['deletion scheduled', date(version.revokedAt)],
    ['deleted', date(version.destroyedAt)],
  ] as const;
  return `v${version.number}: ${steps.flatMap(([what, when]) => (when === undefined || when === '' ? [] : [`${what} ${when}`])).join(' → ')}`;
}

/** The checker's verdicts as a table, with what each rests on. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const table = new Table({ head: ['invariant', 'verdict', 'rests on', ''], ...PLAIN, wordWrap: true, colWidths: [60, 15, 10, 60] });
  for (const { invariant, status, restsOn, violations, reason } of verdicts) {
    table.push([invariant, status, restsOn, violations[0]?.message ?? reason ?? '']);
  }
  return table.toString();
}

/** What one rotation costs in billed units, per key. */
export function costTable(costs: readonly { readonly key: string; readonly rotations: number; readonly transitions: number; readonly kmsCalls: number; readonly dynamoCalls: number; readonly invocations: number }[]): string {
  const table = new Table({ head: ['per rotation of', 'rotations', 'billed transitions', 'KMS calls', 'DynamoDB calls', 'Lambda invocations'], ...PLAIN });
  const mean = (total: number, rotations: number): string => (rotations === 0 ? '' : (total / rotations).toFixed(1));
  for (const { key, rotations, transitions, kmsCalls, dynamoCalls, invocations } of costs) {
    table.push([key, rotations, mean(transitions, rotations), mean(kmsCalls, rotations), mean(dynamoCalls, rotations), mean(invocations, rotations)]);
  }
  return table.toString();
}

const date = (instant: string | undefined): string => instant?.slice(0, 16).replace('T', ' ') ?? '';
