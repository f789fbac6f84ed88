import type { Recording, Standing } from '../recording';
import type { Moment } from '../situations';
import { escapeHtml } from './escape';

/** All lengths are in the drawing's own units, which are pixels at its full width. */
const WIDTH = 1120;
const LEFT = 216;
const RIGHT = 24;
const TOP = 34;
const ROW = 30;
const BAR = 16;
const LANE_PADDING = 14;
const LANE_GAP = 12;
const CALLS = 26;
const AXIS = 26;

/** Mean width of a letter of a label, so that what stands behind it fits in every font. */
const LETTER = 7.2;

const DAY_MS = 86_400_000;

/** One design's line of the drawing. */
export interface Lane {
  readonly name: string;
  readonly recording: Recording;
}

/** The lanes one above the other on one time axis. @param zeroMs where day 0 is */
export function drawing(lanes: readonly Lane[], moments: readonly Moment[], zeroMs: number): string {
  const first = lanes[0]?.recording;
  if (first === undefined) return '';
  const { fromMs, untilMs } = first;
  const x = (atMs: number): number => round(LEFT + ((WIDTH - LEFT - RIGHT) * (Math.min(Math.max(atMs, fromMs), untilMs) - fromMs)) / (untilMs - fromMs));
  const heights = lanes.map(({ recording }) => 2 * LANE_PADDING + recording.versions.length * ROW + CALLS);
  const bottom = TOP + heights.reduce((sum, height) => sum + height + LANE_GAP, 0);
  const parts: string[] = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs += DAY_MS) {
    parts.push(`<line class="grid" x1="${x(atMs)}" x2="${x(atMs)}" y1="${TOP}" y2="${bottom}"/>`);
    parts.push(`<text class="axis" x="${x(atMs)}" y="${bottom + 16}" text-anchor="middle">${(atMs - zeroMs) / DAY_MS === 0 ? 'day 0' : (atMs - zeroMs) / DAY_MS}</text>`);
  }
  let top = TOP;
  lanes.forEach((lane, index) => {
    const height = heights[index] ?? 0;
    parts.push(laneOf(lane, x, top, height));
    top += height + LANE_GAP;
  });
  for (const { atMs, what } of moments) {
    parts.push(`<line class="moment" x1="${x(atMs)}" x2="${x(atMs)}" y1="${TOP - 6}" y2="${bottom}"/>`);
    parts.push(`<text class="moment-text" x="${x(atMs) - 5}" y="${TOP - 13}">▼ ${escapeHtml(what)}</text>`);
  }
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-label="${escapeHtml(lanes.map(summaryOf).join('; '))}">${parts.join('')}</svg>`;
}

export function failedCalls({ calls }: Recording): number {
  return calls.filter(({ isFailed }) => isFailed).length;
}

function summaryOf({ name, recording }: Lane): string {
  return `${name}: ${recording.versions.length} keys, ${recording.wrongs.length} broken promises, ${failedCalls(recording)} failed calls`;
}

function laneOf({ name, recording }: Lane, x: (atMs: number) => number, top: number, height: number): string {
  const { versions, moves, wrongs, calls, fromMs, untilMs } = recording;
  const rowOf = (version: number): number => top + LANE_PADDING + (version - 0.5) * ROW;
  const isGood = wrongs.length === 0 && failedCalls(recording) === 0;
  const parts = [
    `<rect class="lane ${isGood ? 'good' : 'bad'}" x="1" y="${top}" width="${WIDTH - 2}" height="${height}" rx="8"/>`,
    `<text class="name" x="18" y="${top + 32}">${escapeHtml(name)}</text>`,
    `<text class="verdict ${isGood ? 'good' : 'bad'}" x="18" y="${top + 54}">${isGood ? '✓ as promised' : `✕ ${count(wrongs.length, 'broken promise')}`}</text>`,
    ...(failedCalls(recording) === 0 ? [] : [`<text class="verdict bad" x="18" y="${top + 73}">✕ ${count(failedCalls(recording), 'failed call')}</text>`]),
  ];
  for (const { number, spans } of versions) {
    const y = rowOf(number);
    parts.push(`<text class="version" x="${LEFT - 12}" y="${y + 5}" text-anchor="end">v${number}</text>`);
    for (const span of spans) parts.push(`<rect class="bar ${span.standing}" x="${x(span.fromMs)}" y="${y - BAR / 2}" width="${Math.max(round(x(span.untilMs) - x(span.fromMs)), 1)}" height="${BAR}" rx="3"/>`);
    for (const span of spans) if (x(span.untilMs) - x(span.fromMs) > 60) parts.push(`<text class="bar-text ${span.standing}" x="${x(span.fromMs) + 8}" y="${y + 4}">${STANDINGS[span.standing]}</text>`);
  }
  parts.push(aliasTrack(moves, rowOf, x, fromMs, untilMs));
  for (const { fromMs: wrongMs, untilMs: endMs, version, what } of wrongs) {
    const y = rowOf(version);
    const isLong = endMs > wrongMs;
    if (isLong) parts.push(`<rect class="wrong" x="${x(wrongMs)}" y="${y - BAR / 2 - 3}" width="${round(x(endMs) - x(wrongMs))}" height="${BAR + 6}" rx="4"/>`);
    parts.push(`<g class="flag" transform="translate(${x(wrongMs)} ${y})"><circle r="9"/><text y="4.5" text-anchor="middle">✕</text></g>`);
    parts.push(`<rect class="label" x="${x(wrongMs) + 12}" y="${y - 10}" width="${what.length * LETTER + 10}" height="20" rx="4"/>`);
    parts.push(`<text class="wrong-text" x="${x(wrongMs) + 17}" y="${y + 5}" textLength="${what.length * LETTER}" lengthAdjust="spacingAndGlyphs">${escapeHtml(what)}</text>`);
  }
  const baseline = top + height - LANE_PADDING + 2;
  parts.push(`<text class="row-name" x="${LEFT - 12}" y="${baseline - 3}" text-anchor="end">consumers</text>`, `<line class="calls" x1="${x(fromMs)}" x2="${x(untilMs)}" y1="${baseline - 7}" y2="${baseline - 7}"/>`);
  const failed = calls.filter(({ isFailed }) => isFailed);
  const last = failed.at(-1);
  if (last !== undefined) parts.push(`<text class="wrong-text" x="${x(last.atMs) + 8}" y="${baseline - 2}">calls fail</text>`);
  for (const { atMs } of failed) parts.push(`<line class="failed" x1="${x(atMs)}" x2="${x(atMs)}" y1="${baseline - 16}" y2="${baseline + 2}"/>`);
  return parts.join('');
}

/** The line that shows which version the alias points to. */
function aliasTrack(moves: Recording['moves'], rowOf: (version: number) => number, x: (atMs: number) => number, fromMs: number, untilMs: number): string {
  const points = moves.map(({ atMs, version }) => [x(Math.max(atMs, fromMs)), rowOf(version)] as const);
  const path = points.map(([left, y], index) => (index === 0 ? `M${left} ${y}` : `H${left} V${y}`)).join(' ');
  const line = `${path} H${x(untilMs)}`;
  const dots = points.slice(1).map(([left, y]) => `<circle class="alias-dot" cx="${left}" cy="${y}" r="4.5"/>`);
  return `<path class="alias-casing" d="${line}"/><path class="alias" d="${line}"/>${dots.join('')}`;
}

export const STANDINGS: Readonly<Record<Standing, string>> = { made: 'made', active: 'encrypts', draining: 'drains: still decrypts', disabled: 'disabled', deletion: 'deletion scheduled' };

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
