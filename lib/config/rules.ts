import { KEY_SPECS, type KeyUsage } from '../../lambdas/contract/key-specs';
import { MAX_TOTAL_WAIT_SECONDS, MIN_WINDOW_SECONDS } from '../../lambdas/contract/timing';
import { SECONDS, durationOf, secondsOf } from './duration';
import { aliasOf, drainSecondsOf, idleSecondsOf, onlyUsageOf, specOf, waitSecondsOf, type CompleteFields } from './normalize';
import type { Problem } from './problem';
import { DEFAULTS, MAX_ALIAS_LENGTH, MAX_TAGS, RESERVED_TAG_PREFIXES, type KeyFields } from './schema';

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

/** A state can be entered that long before its function answers. */
const MIN_ACKNOWLEDGE_SECONDS = 2 * SECONDS.m;

/** Between the end of one rotation and the next window: time to notice, retry and repair. */
const SLACK_SECONDS = SECONDS.d;

function unless(isFine: boolean, path: string, given: unknown, hint: string): readonly Problem[] {
  return isFine ? [] : [{ path, given, hint }];
}

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

const totalWait: Rule = {
  reads: ['drain', 'backupRetention', 'bake', 'retirement', 'dependents'],
  check: (key) => {
    const seconds = waitSecondsOf(key);
    return unless(
      seconds <= MAX_TOTAL_WAIT_SECONDS,
      'drain',
      key.drain,
      `allowed: waits of at most ${durationOf(MAX_TOTAL_WAIT_SECONDS)} in all, because an execution lives for a year; acknowledgement, drain (or backupRetention, if longer), lag and bake are ${durationOf(seconds)}, shorten them`,
    );
  },
};

const fitsItsWindow: Rule = {
  reads: ['rotateEvery', 'startSpread', 'drain', 'backupRetention', 'bake', 'retirement', 'dependents'],
  check: (key) => {
    // Too short for any rotation is said once.
    if (window.check(key).length > 0) return [];
    const needed = secondsOf(key.startSpread ?? DEFAULTS.startSpread) + waitSecondsOf(key) + SLACK_SECONDS;
    return unless(
      secondsOf(key.rotateEvery) >= needed,
      'rotateEvery',
      key.rotateEvery,
      `allowed: at least ${durationOf(needed)}, the start spread, all waits of a rotation and 1d of slack; raise it, or shorten drain, bake or acknowledgeWithin`,
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

const dependents: Rule = {
  reads: ['dependents'],
  check: ({ dependents: list = [] }) => {
    const names = list.map(({ name }) => name);
    return list.flatMap(({ name, principal, probe, acknowledgeWithin = DEFAULTS.acknowledgeWithin }, index) => [
      ...unless(
        secondsOf(acknowledgeWithin) >= MIN_ACKNOWLEDGE_SECONDS,
        `dependents[${index}].acknowledgeWithin`,
        acknowledgeWithin,
        'allowed: at least 2m, or the time is over before anybody is asked; raise it',
      ),
      ...unless(
        (principal === undefined) !== (probe === undefined),
        `dependents[${index}].principal`,
        principal,
        'allowed: either a principal or a probe; write exactly one of them',
      ),
      ...unless(names.indexOf(name) === index, `dependents[${index}].name`, name, `dependents[${names.indexOf(name)}] has the same name; rename one`),
    ]);
  },
};

const tags: Rule = {
  reads: ['tags'],
  check: ({ tags: given = {} }) => {
    const names = Object.keys(given);
    return [
      ...unless(names.length <= MAX_TAGS, 'tags', `${names.length} tags`, `allowed: at most ${MAX_TAGS}, because KMS allows 50 with keyturn's own; remove some`),
      ...names.flatMap((name) =>
        unless(
          !RESERVED_TAG_PREFIXES.some((prefix) => name.toLowerCase().startsWith(prefix)),
          `tags.${name}`,
          given[name],
          `allowed: names that do not begin with ${RESERVED_TAG_PREFIXES.join(' or ')}, which are reserved; rename the tag`,
        ),
      ),
    ];
  },
};

const adopt: Rule = {
  reads: ['adopt'],
  check: ({ adopt: given }) =>
    unless(given === undefined || !given.includes(':key/mrk-'), 'adopt', given, 'allowed: a single-Region key; multi-Region keys are not supported yet, remove the key from the file'),
};

export const RULES: readonly Rule[] = [alias, usage, keyStore, window, anchor, drain, idle, bake, totalWait, fitsItsWindow, autoDelete, dependents, tags, adopt];
