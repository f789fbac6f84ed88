import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import { instantOf, msOf } from '../../instant';
import { firstWindowAfter, nextWindow, windowStart } from '../../windows';
import { isStandingStill, promisedAlias, type PromisedAlias } from '../promise';
import type { Rule } from '../rule';
import { StandingStill } from '../standing-still';
import { NOT_ROTATED, Told } from '../told';

/** Time for schedules, retries and people: the shortest window. */
const GRACE_SECONDS = MIN_WINDOW_SECONDS;

/**
 * Invariant 12, by what KMS shows: in every window since there is an alias it gets a new key, or somebody is told why it does not. Of a key in a registry only the
 * last window is judged, and not while its owner is at work: whether that was so before, the end of the trace does not say. Nor is one that a person has kept still for so
 * long that too little of the window was left.
 */
export const windowsAreRotated: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const windows = findings('12 every window is rotated or told of', 'no whole window of a managed alias has passed');
  const told = new Told(options);
  const still = new StandingStill();

  function checkWindow(promised: PromisedAlias, window: string): void {
    const { promise, key } = promised;
    const { name, alias } = promise;
    const [fromMs, untilMs] = [msOf(windowStart(window)), msOf(windowStart(nextWindow(promise, window)))];
    const isWithin = (atMs: number): boolean => atMs >= fromMs && atMs < untilMs;
    windows.examined();
    const stays = world.staysOf(alias);
    // A person who rotates by hand has rotated.
    if (stays.some(({ begin }) => isWithin(begin.atMs))) return;
    if (key !== undefined) {
      const stillMs = still.lastMs(key, untilMs);
      const isTooLate = stillMs > fromMs && stillMs + graceSeconds(promised) * 1000 > untilMs;
      if (isTooLate || told.isToldOf(NOT_ROTATED, name, fromMs, untilMs - 1)) return;
    } else {
      // Who was told since the last rotation knows, also when that was before the window began: no topic says for how long.
      const lastMs = stays.findLast(({ begin }) => begin.atMs < fromMs)?.begin.atMs ?? fromMs;
      if (told.isTold(name, lastMs, untilMs - 1)) return;
    }
    windows.violated(`${name}: nothing was rotated in the window ${window}, and nobody was told`, [stays.at(-1)?.begin.seq]);
  }

  function checkAlias(promised: PromisedAlias): void {
    const begin = world.staysOf(promised.promise.alias)[0]?.begin;
    const isAtWork = promised.key?.meta !== undefined && promised.key.meta.lease !== null;
    if (begin === undefined || isAtWork || isStandingStill(promised, options.untilMs)) return;
    const passed: string[] = [];
    let window = firstWindowAfter(promised.promise, instantOf(begin.atMs));
    while (msOf(windowStart(window)) + graceSeconds(promised) * 1000 <= options.untilMs) {
      passed.push(window);
      window = nextWindow(promised.promise, window);
    }
    for (const candidate of promised.key === undefined ? passed : passed.slice(-1)) checkWindow(promised, candidate);
  }

  return {
    onTransition: (transition) => { still.onTransition(transition); },
    onItem: (event) => { told.onItem(event); },
    onEvent: (event) => { told.onEvent(event); },
    atEnd() {
      const aliases = new Set([...options.promises.map(({ alias }) => alias), ...[...world.allKeys()].flatMap(({ meta }) => meta?.policy.alias ?? [])]);
      for (const alias of aliases) {
        const promised = promisedAlias(inquiry, alias);
        if (promised !== undefined) checkAlias(promised);
      }
    },
  };
};

/** A registry may spread its starts. */
function graceSeconds({ key }: PromisedAlias): number {
  return GRACE_SECONDS + (key?.meta?.policy.startSpreadSeconds ?? 0);
}
