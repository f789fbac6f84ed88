import fc from 'fast-check';
import { adoptCreated, equip, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import { abortRotation, raiseAttempt, recordFailure } from '../../lambdas/domain/failure';
import { instantOf, msOf, plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRotation, settle, type Owner } from '../../lambdas/domain/lease';
import { firstBreak, write, type Decision } from '../../lambdas/domain/ledger';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { commitPromotion, confirmPromotion, intendPromote, withdrawPromotion } from '../../lambdas/domain/promotion';
import { register } from '../../lambdas/domain/registration';
import { commitDisable, commitRevoke, extendDrain, intendDisable, intendRevoke, recordDestruction, withdrawRetirement } from '../../lambdas/domain/retirement';
import { TaskError } from '../../lambdas/domain/task-error';
import { canMove } from '../../lambdas/domain/version-status';
import { windowAt } from '../../lambdas/domain/windows';
import { policyOf } from '../support/policies';
import { registered, REGISTERED_AT, type LivingKey } from './living-key';

const DAY = 86_400;
const SHORT = { rotateEverySeconds: 20 * DAY, drainSeconds: 4 * DAY, idleSeconds: 2 * DAY, bakeSeconds: 2 * DAY, startSpreadSeconds: 0 };

/** What a step may choose: the version it is about, an owner that is current or not, and a bit of chance. */
interface Choice {
  readonly owner: Owner;
  readonly number: number;
  readonly at: string;
  readonly chance: number;
}

const note = (at: string) => ({ type: 'HoldSet' as const, at, by: 'a person' });

const STEPS: Readonly<Record<string, (key: ManagedKey, choice: Choice) => Decision>> = {
  claim: (key, { at, chance }) => {
    const window = windowAt(key.policy, at);
    const attempt = key.window?.id === window ? key.window.attempt + (chance > 0.9 ? 1 : 0) : 1;
    return claim(key, { rotationId: `orders-${window}-a${attempt}`, executionArn: 'arn', window, attempt, at });
  },
  intendCreate: (key, { owner, number, at }) => intendCreate(key, owner, number, at),
  refuseCreate: (key, { owner, number, at }) => refuseCreate(key, owner, number, at, 'Throttled'),
  adopt: (key, { owner, number, at, chance }) => adoptCreated(key, owner, number, { keyId: `k${number}-${chance}`, keyArn: `arn:k${number}` }, at),
  equip: (key, { owner, number, at }) => equip(key, owner, number, at),
  prove: (key, { owner, number, at }) => recordProof(key, owner, number, at),
  intendPromote: (key, { owner, number, at }) => intendPromote(key, owner, number, at),
  commitPromotion: (key, { owner, number, at }) => commitPromotion(key, owner, number, at),
  withdrawPromotion: (key, { owner, at }) => withdrawPromotion(key, owner, at),
  confirm: (key, { owner, number, at }) => confirmPromotion(key, owner, number, at),
  extend: (key, { owner, number, at }) => extendDrain(key, owner, number - 1, at, 'used'),
  intendDisable: (key, { owner, number, at }) => intendDisable(key, owner, number - 1, at),
  commitDisable: (key, { owner, number, at }) => commitDisable(key, owner, number - 1, at),
  intendRevoke: (key, { owner, number, at }) => intendRevoke(key, owner, number - 1, at),
  commitRevoke: (key, { owner, number, at }) => commitRevoke(key, owner, number - 1, at, plusSeconds(at, 7 * DAY)),
  withdrawRetirement: (key, { owner, at }) => withdrawRetirement(key, owner, at),
  destroy: (key, { number, at }) => recordDestruction(key, key.versions[`v${number - 1}`]?.kmsKeyId ?? 'none', at, 'kms'),
  settle: (key, { owner, at }) => settle(key, owner.rotationId, at),
  fail: (key, { owner, at }) => recordFailure(key, { rotationId: owner.rotationId, state: 'Some State', error: 'Throttled', errorClass: 'retry', at }),
  abort: (key, { owner, at, chance }) => abortRotation(key, owner, at, { error: 'Test', errorClass: chance > 0.9 ? 'non-recoverable' : 'recoverable' }),
  complete: (key, { owner, number, at, chance }) => completeRotation(key, owner, at, chance > 0.7 ? { version: number, reason: 'left' } : null),
  raise: (key, { at }) => raiseAttempt(key, windowAt(key.policy, at), key.window?.attempt ?? 1, at, 'starter'),
  hold: (key, { at }) => write({ ...key, hold: key.hold === null ? { by: 'a person', at, reason: 'audit' } : null }, note(at)),
  lift: (key, { at }) => write({ ...key, quarantine: null }, note(at)),
  policy: (key, { at, chance }) => register(key, policyOf({ ...SHORT, bakeSeconds: 2 * DAY + Math.floor(chance * DAY) }), { registryId: 'registry', at, by: 'deploy' }),
};
const NAMES = Object.keys(STEPS);

/** What a rotation would do next, so that random walks get somewhere; in between they do anything. */
function nextStep(key: ManagedKey): string {
  if (key.lease === null) return 'claim';
  if (key.intent?.kind === 'promote') return 'commitPromotion';
  if (key.intent?.kind === 'disable') return 'commitDisable';
  if (key.intent?.kind === 'revoke') return 'commitRevoke';
  const versions = Object.values(key.versions);
  const pending = versions.find(({ status }) => status === 'PENDING');
  if (pending !== undefined) return nextOfPending(key, pending);
  const own = versions.find(({ status, window }) => status === 'ACTIVE' && window === key.window?.id);
  if (own === undefined) return 'intendCreate';
  const previous = versions.find(({ supersededBy }) => supersededBy === own.number);
  if (previous === undefined || previous.status === 'REVOKED') return 'complete';
  if (previous.drainFrom === undefined) return 'confirm';
  return previous.status === 'DEPRECATED' ? 'intendDisable' : 'intendRevoke';
}

function nextOfPending(key: ManagedKey, pending: KeyVersion): string {
  if (pending.kmsKeyId === undefined) return key.intent === null ? 'intendCreate' : 'adopt';
  if (pending.equippedAt === undefined) return 'equip';
  return pending.provedAt === undefined ? 'prove' : 'intendPromote';
}

const walks = fc.array(
  fc.record({
    /** The next step of the rotation, or any step. */
    name: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...NAMES) }),
    stale: fc.oneof({ weight: 8, arbitrary: fc.constant(false as const) }, { weight: 2, arbitrary: fc.constantFrom('old token', 'another owner') }),
    otherVersion: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constantFrom(-1, 1) }),
    seconds: fc.constantFrom(0, 1, 3600, 3 * DAY),
    chance: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 60, maxLength: 120 },
);

const DEADLINES = ['drainFrom', 'revokeNotBefore', 'activatedAt', 'equippedAt', 'provedAt', 'disableNotBefore'] as const;

/** What one write must never do. */
function expectLawful(before: ManagedKey, after: ManagedKey, name: string, at: string): void {
  const [old, now] = [Object.values(before.versions), Object.values(after.versions)];
  const hadActive = old.some(({ status }) => status === 'ACTIVE');
  expect(now.filter(({ status }) => status === 'ACTIVE')).toHaveLength(hadActive || name === 'commitPromotion' ? 1 : 0);
  expect(after.fence).toBeGreaterThanOrEqual(before.fence);
  if (after.lease !== null && before.lease?.rotationId !== after.lease.rotationId) expect(after.fence).toBeGreaterThan(before.fence);
  if (before.intent !== null && after.intent !== null && name !== 'claim') {
    expect([after.intent.kind, after.intent.version]).toEqual([before.intent.kind, before.intent.version]);
  }
  if (before.lease !== null && after.lease === null && name === 'complete') expect(after.intent).toBeNull();
  for (const version of now) expectSameDeadlines(before.versions[`v${version.number}`], version, name);
  for (const version of now) {
    const was = before.versions[`v${version.number}`];
    if (version.status === 'DISABLED' && was?.status === 'DEPRECATED') expect(msOf(at)).toBeGreaterThanOrEqual(msOf(was.disableNotBefore!));
    if (version.status === 'REVOKED' && was?.status === 'DISABLED') expect(msOf(at)).toBeGreaterThanOrEqual(msOf(was.revokeNotBefore!));
    if (version.status === 'ACTIVE') expect([before.intent, after.intent].filter((intent) => intent?.version === version.number && ['disable', 'revoke'].includes(intent.kind))).toEqual([]);
  }
}

function expectSameDeadlines(was: KeyVersion | undefined, version: KeyVersion, name: string): void {
  for (const field of DEADLINES) {
    if (was?.[field] === undefined || (field === 'disableNotBefore' && name === 'extend')) continue;
    expect({ field, value: version[field] }).toEqual({ field, value: was[field] });
  }
  if (name === 'extend' && was?.disableNotBefore !== undefined) expect(msOf(version.disableNotBefore!)).toBeGreaterThanOrEqual(msOf(was.disableNotBefore));
  expect(version.drainExtensions ?? 0).toBeLessThanOrEqual(3);
  expect(version.createIntents).toBeLessThanOrEqual(3);
  if (was?.kmsKeyId !== undefined) expect(version.kmsKeyId).toBe(was.kmsKeyId);
}

/** Walks, and checks every step. @returns the types of what was written. */
function walk(steps: typeof walks extends fc.Arbitrary<infer Steps> ? Steps : never): LivingKey {
  const living = registered(SHORT);
  let nowMs = msOf(REGISTERED_AT);
  const everUsed = new Set<number>();
  for (const { name, stale, otherVersion, seconds, chance } of steps) {
    nowMs += seconds * 1000;
    const before = living.key;
    const step = name ?? nextStep(before);
    const own = living.owner();
    const owner = stale === 'old token' ? { ...own, fence: own.fence - 1 } : stale === 'another owner' ? { ...own, rotationId: 'orders-20260101T0000Z-a9' } : own;
    const current = Object.values(before.versions).find(({ status }) => status === 'PENDING')?.number ?? (step === 'intendCreate' ? before.lastVersion + 1 : before.lastVersion);
    try {
      const isWritten = living.apply(STEPS[step]!(before, { owner, number: Math.max(1, current + otherVersion), at: instantOf(nowMs), chance }));
      // Anybody may claim, record, settle its own lease, hold, or deploy; everything else is the owner's.
      if (isWritten && stale !== false) expect(['claim', 'fail', 'destroy', 'settle', 'raise', 'hold', 'lift', 'policy']).toContain(step);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      expect(living.key).toBe(before);
      continue;
    }
    if (living.key === before) continue;
    expectLawful(before, living.key, step, instantOf(nowMs));
    for (const { version, from, to } of living.ledger.at(-1)!.moves) {
      expect(canMove(from, to)).toBe(true);
      if (from === null) expect(everUsed.has(version)).toBe(false);
      everUsed.add(version);
    }
  }
  expect(firstBreak(living.ledger)).toBeUndefined();
  return living;
}

test('no sequence of decisions, by fresh and stale owners, breaks the life of a key', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(walks, (steps) => {
      for (const { type } of walk(steps).ledger) reached.add(type);
    }),
    { numRuns: 100, seed: 20261121 },
  );
  // Walks that get nowhere prove nothing.
  expect([...reached]).toEqual(expect.arrayContaining(['VersionPromoted', 'PromotionConfirmed', 'VersionDisabled', 'VersionRevoked', 'RotationCompleted', 'RotationSettled', 'DrainExtended', 'VersionDestroyed']));
});
