import { KEY_SPECS, type KeyUsage } from '../../lambdas/contract/key-specs';
import { MAX_TOTAL_WAIT_SECONDS, MIN_WINDOW_SECONDS } from '../../lambdas/contract/timing';
import { SECONDS, durationOf, secondsOf } from './duration';
import { aliasOf, approvalSecondsOf, drainSecondsOf, idleSecondsOf, longestWaitSecondsOf, onlyUsageOf, specOf, waitSecondsOf, type CompleteFields } from './normalize';
import { unless, type Problem } from './problem';
import { DEFAULTS, MAX_ALIAS_LENGTH, type KeyFields } from './schema';

/** What shape alone cannot say about one key: relations between fields, and limits that need their reason told. */
export interface Rule {
  /** The fields that it looks at. A rule is skipped when one of them is malformed, because that is reported already. */
  readonly reads: readonly (keyof KeyFields)[];
  /** Fields without default are present when `reads` names them. Paths are below the key. */
  readonly check: (key: CompleteFields) => readonly Problem[];
}

/** Below two hours the last-usage evidence, which may be one hour late, says nothing about a drain. */
const MIN_DRAIN_SECONDS = 2 * SECONDS.h;
/** A key that is not rotated within ten years is a mistake in the file. */
const MAX_WINDOW_SECONDS = 3_650 * SECONDS.d;
const MIN_IDLE_SECONDS = SECONDS.h;
const MIN_BAKE_SECONDS = 2 * SECONDS.h;
/** As for any drain: half of it is the idleness that is asked for, and evidence is up to 1h late. */
const MIN_EMERGENCY_DRAIN_SECONDS = 2 * SECONDS.h;
/** Somebody must have had the time to read the message. */
const MIN_APPROVAL_SECONDS = SECONDS.h;

/** Between the end of one rotation and the next window: time to notice, retry and repair. */
const SLACK_SECONDS = SECONDS.d;

const alias: Rule = {
  reads: ['name', 'alias'],
  check: (key) => {
    const name = aliasOf(key);
    const refused = (isFine: boolean, hint: string) => unless(isFine, 'alias', name, hint);
    return [
      ...refused(/^alias\/[A-Za-z0-9/_-]+$/.test(name), `allowed: alias/ and letters, digits, "/", "_" and "-"; the key's name makes no alias, write one`),
      ...refused(!name.startsWith('alias/aws/'), 'allowed: not below alias/aws/, which is reserved for AWS; choose another'),
      ...refused(!/\/v\d+$/.test(name), 'allowed: not ending like a version alias (/v<number>), which keyturn makes itself; choose another'),
      ...refused(
        name.length <= MAX_ALIAS_LENGTH,
        `allowed: at most ${MAX_ALIAS_LENGTH} characters (this has ${name.length}), because /v999999 must fit behind it; shorten it`,
      ),
    ];
  },
};

const usage: Rule = {
  reads: ['spec', 'usage'],
  check: (key) => {
    const spec = specOf(key);
    const allowed: readonly KeyUsage[] = KEY_SPECS[spec];
    const isAllowed = key.usage === undefined ? onlyUsageOf(spec) !== undefined : allowed.includes(key.usage);
    return unless(isAllowed, 'usage', key.usage, `allowed with spec ${spec}: ${allowed.join(', ')}; choose one of them`);
  },
};

const keyStore: Rule = {
  reads: ['origin', 'keyStoreId', 'spec'],
  check: (key) => {
    if ((key.origin ?? DEFAULTS.origin) === 'AWS_KMS') {
      return unless(key.keyStoreId === undefined, 'keyStoreId', key.keyStoreId, 'allowed: only with origin AWS_CLOUDHSM; remove it or set the origin');
    }
    return [
      ...unless(key.keyStoreId !== undefined, 'keyStoreId', key.keyStoreId, 'required with origin AWS_CLOUDHSM; write the id of the custom key store, cks-<id>'),
      ...unless(specOf(key) === 'SYMMETRIC_DEFAULT', 'spec', key.spec, 'allowed with origin AWS_CLOUDHSM: SYMMETRIC_DEFAULT; change the spec or the origin'),
    ];
  },
};

const window: Rule = {
  reads: ['rotateEvery'],
  check: ({ rotateEvery }) => {
    const seconds = secondsOf(rotateEvery);
    const isFine = seconds >= MIN_WINDOW_SECONDS && seconds <= MAX_WINDOW_SECONDS && seconds % SECONDS.m === 0;
    return unless(isFine, 'rotateEvery', rotateEvery, 'allowed: 24h to 3650d, in whole minutes; correct it');
  },
};

const anchor: Rule = {
  reads: ['anchor'],
  check: ({ anchor: given }) => {
    if (given === undefined) return [];
    const ms = Date.parse(given);
    const isReal = !Number.isNaN(ms) && new Date(ms).toISOString() === given.replace('Z', '.000Z');
    return unless(isReal, 'anchor', given, 'allowed: a minute that exists, in UTC; correct the date');
  },
};

const drain: Rule = {
  reads: ['drain', 'retirement'],
  check: (key) =>
    unless(
      key.retirement === 'keep' || drainSecondsOf(key) >= MIN_DRAIN_SECONDS,
      'drain',
      key.drain,
      `allowed: at least 2h with retirement ${key.retirement}, because evidence of use is up to 1h late; raise it`,
    ),
};

const idle: Rule = {
  reads: ['idle', 'drain', 'retirement'],
  check: (key) => {
    const drainSeconds = drainSecondsOf(key);
    const idleSeconds = idleSecondsOf({ idle: key.idle, drainSeconds });
    return [
      ...unless(idleSeconds <= drainSeconds, 'idle', key.idle, `allowed: at most the drain, ${durationOf(drainSeconds)}; lower it or raise the drain`),
      ...unless(key.retirement === 'keep' || idleSeconds >= MIN_IDLE_SECONDS, 'idle', key.idle, 'allowed: at least 1h, or nobody looks whether the version is still used; raise it'),
    ];
  },
};

const bake: Rule = {
  reads: ['bake', 'retirement'],
  check: (key) => {
    const given = key.bake ?? DEFAULTS.bake;
    return unless(key.retirement !== 'delete' || secondsOf(given) >= MIN_BAKE_SECONDS, 'bake', given, 'allowed: at least 2h with retirement delete, because KMS shows a disable minutes late and its use an hour late; raise it');
  },
};

const emergencyDrain: Rule = {
  reads: ['emergencyDrain'],
  check: ({ emergencyDrain: given = DEFAULTS.emergencyDrain }) =>
    unless(secondsOf(given) >= MIN_EMERGENCY_DRAIN_SECONDS, 'emergencyDrain', given, 'allowed: at least 2h, because evidence of use is up to 1h late; raise it'),
};

const approvalTimeout: Rule = {
  reads: ['approvalTimeout'],
  check: (key) =>
    unless(approvalSecondsOf(key) >= MIN_APPROVAL_SECONDS, 'approvalTimeout', key.approvalTimeout, 'allowed: at least 1h, or a question is over before anybody has read it; raise it'),
};

const WAITS = ['drain', 'backupRetention', 'bake', 'retirement', 'dependents', 'autoDelete', 'approvalTimeout', 'emergencyDrain'] as const;

const totalWait: Rule = {
  reads: WAITS,
  check: (key) => {
    const seconds = longestWaitSecondsOf(key);
    return unless(
      seconds <= MAX_TOTAL_WAIT_SECONDS,
      'drain',
      key.drain,
      `allowed: waits of at most ${durationOf(MAX_TOTAL_WAIT_SECONDS)} in all, because an execution lives for a year; acknowledgement, drain (or backupRetention or emergencyDrain, if longer), lag, bake and an approvalTimeout for each thing that people may be asked are ${durationOf(seconds)}, shorten them`,
    );
  },
};

const fitsItsWindow: Rule = {
  reads: ['rotateEvery', 'startSpread', ...WAITS],
  check: (key) => {
    // Too short for any rotation is said once.
    if (window.check(key).length > 0) return [];
    const needed = secondsOf(key.startSpread ?? DEFAULTS.startSpread) + waitSecondsOf(key) + SLACK_SECONDS;
    return unless(
      secondsOf(key.rotateEvery) >= needed,
      'rotateEvery',
      key.rotateEvery,
      `allowed: at least ${durationOf(needed)}, the start spread, all waits of a rotation and 1d of slack; raise it, or shorten drain, bake, acknowledgeWithin or, without autoDelete, approvalTimeout`,
    );
  },
};

const autoDelete: Rule = {
  reads: ['autoDelete', 'retirement'],
  check: (key) =>
    unless(
      key.autoDelete !== true || key.retirement === 'delete',
      'autoDelete',
      key.autoDelete,
      `allowed: true only with retirement delete, not ${key.retirement}; remove it or change the retirement`,
    ),
};

const adopt: Rule = {
  reads: ['adopt'],
  check: ({ adopt: given }) =>
    unless(given === undefined || !given.includes(':key/mrk-'), 'adopt', given, 'allowed: a single-Region key; multi-Region keys are not supported yet, remove the key from the file'),
};

export const RULES: readonly Rule[] = [alias, usage, keyStore, window, anchor, drain, idle, bake, emergencyDrain, approvalTimeout, totalWait, fitsItsWindow, autoDelete, adopt];
