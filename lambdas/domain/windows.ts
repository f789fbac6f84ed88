import { createHash } from 'node:crypto';
import type { KeyPolicy } from '../contract/key-policy';
import { instantOf, msOf, plusSeconds, type Instant } from './instant';

/** The window starts of one policy: anchor + k · period, for every integer k, negative ones included. */
type WindowGrid = Pick<KeyPolicy, 'anchor' | 'rotateEverySeconds'>;

const MINUTE_MS = 60_000;
const WINDOW_ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z$/;

/**
 * The window that `at` lies in: the latest that has started. Windows that were missed collapse into it.
 * @returns its id, the start in UTC: `20260401T0000Z`.
 * @throws {RangeError} when the grid is not one of whole minutes, or the start is outside the years 0000 to 9999.
 */
export function windowAt(grid: WindowGrid, at: Instant): string {
  return idOfStart(startMs(grid, indexAt(grid, msOf(at))));
}

/** The first window that starts after `at`. @throws {RangeError} as `windowAt`. */
export function firstWindowAfter(grid: WindowGrid, at: Instant): string {
  return idOfStart(startMs(grid, indexAt(grid, msOf(at)) + 1));
}

/**
 * The first window that starts after the start of `windowId`, which may come from an earlier policy of the key.
 * @throws {RangeError} as `windowAt` and `windowStart`.
 */
export function nextWindow(grid: WindowGrid, windowId: string): string {
  return firstWindowAfter(grid, windowStart(windowId));
}

/** Whether `windowId` is a window of this policy as it stands. @throws {RangeError} as `windowAt` and `windowStart`. */
export function isWindowOf(grid: WindowGrid, windowId: string): boolean {
  return windowAt(grid, windowStart(windowId)) === windowId;
}

/** @throws {RangeError} when `windowId` is malformed, or names a time that does not exist, such as 20260230T0000Z. */
export function windowStart(windowId: string): Instant {
  const [, year, month, day, hour, minute] = WINDOW_ID.exec(windowId) ?? [];
  const text = `${year}-${month}-${day}T${hour}:${minute}:00.000Z`;
  // The engine's parser refuses a 32nd but turns 30 February into 2 March: only what comes back as it went in exists.
  const ms = parsedMs(text);
  if (ms === undefined || instantOf(ms) !== text) throw malformed(windowId);
  return text;
}

/** Orders ids as their starts: the fields have fixed widths, so the text's order is the order in time. */
export function compareWindows(left: string, right: string): -1 | 0 | 1 {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * Where in the spread a key starts: the same for every window, and even over many keys.
 * @returns whole seconds from 0 to `spreadSeconds` - 1; 0 without a spread.
 */
export function startOffsetSeconds(name: string, spreadSeconds: number): number {
  if (spreadSeconds < 1) return 0;
  // 48 bits: exact as a number, and so much wider than any spread that the remainder is even.
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) % Math.floor(spreadSeconds);
}

/** When the starter may start the key's rotation for a window. @throws {RangeError} as `windowStart`. */
export function dueAt(policy: Pick<KeyPolicy, 'name' | 'startSpreadSeconds'>, windowId: string): Instant {
  return plusSeconds(windowStart(windowId), startOffsetSeconds(policy.name, policy.startSpreadSeconds));
}

/** k of the latest window that started at or before `atMs`. */
function indexAt(grid: WindowGrid, atMs: number): number {
  const periodMs = grid.rotateEverySeconds * 1000;
  const anchorMs = msOf(grid.anchor);
  if (!Number.isSafeInteger(periodMs) || periodMs <= 0 || periodMs % MINUTE_MS !== 0) {
    throw new RangeError(`A window lasts a whole number of minutes, not ${grid.rotateEverySeconds} seconds`);
  }
  if (anchorMs % MINUTE_MS !== 0) throw new RangeError(`The anchor ${grid.anchor} is not a whole minute`);
  return Math.floor((atMs - anchorMs) / periodMs);
}

function startMs(grid: WindowGrid, index: number): number {
  return msOf(grid.anchor) + index * grid.rotateEverySeconds * 1000;
}

function idOfStart(ms: number): string {
  const [date = '', time = ''] = instantOf(ms).split('T');
  const id = `${date.replaceAll('-', '')}T${time.slice(0, 5).replace(':', '')}Z`;
  if (!WINDOW_ID.test(id)) throw new RangeError(`A window that starts at ${instantOf(ms)} has no id: years go from 0000 to 9999`);
  return id;
}

function parsedMs(text: Instant): number | undefined {
  try {
    return msOf(text);
  } catch {
    return undefined;
  }
}

function malformed(windowId: string): RangeError {
  return new RangeError(`"${windowId}" is not a window id: the start in UTC, such as 20260401T0000Z`);
}
