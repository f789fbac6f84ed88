import fc from 'fast-check';
import { adoptCreated, equip, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import { abortRun, raiseRun, recordFailure } from '../../lambdas/domain/failure';
import { instantOf, msOf, plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRun, settle, subjectOf, type Holder, type Owner } from '../../lambdas/domain/lease';
import { firstBreak, type Decision } from '../../lambdas/domain/ledger';
import { versionOf, type KeyVersion, type ManagedKey } from '../../lambdas/domain/managed-key';
import { commitPromotion, confirmPromotion, intendPromote, withdrawPromotion } from '../../lambdas/domain/promotion';
import { register } from '../../lambdas/domain/registration';
import { commitDisable, commitRevoke, extendDrain, intendDisable, intendRevoke, recordDestruction, withdrawRetirement } from '../../lambdas/domain/retirement';
import { TaskError } from '../../lambdas/domain/task-error';
import { canMove } from '../../lambdas/domain/version-status';
import { parseRotationId, rotationId, type Run } from '../../lambdas/domain/rotation-id';
import { nextRun } from '../../lambdas/domain/next-run';
import { approveEmergency } from '../../lambdas/domain/emergency';
import { liftQuarantine, quarantine, releaseHold, requestAbort, setHold, setPause } from '../../lambdas/domain/operations';
import { commitCancelledDeletion, commitRescue, intendRescue } from '../../lambdas/domain/rescue';
import { windowAt } from '../../lambdas/domain/windows';
import { policyOf } from '../support/policies';
import { registered, REGISTERED_AT, type LivingKey } from './living-key';

const DAY = 86_400;
const SHORT = { rotateEverySeconds: 20 * DAY, drainSeconds: 4 * DAY, idleSeconds: 2 * DAY, bakeSeconds: 2 * DAY, startSpreadSeconds: 0 };

/** What a step may choose: the version it is about, an owner that is current or not, and a bit of chance. */
interface Choice {
  readonly owner: Owner;
  readonly number: number;
  /** The version whose life is ended. */
  readonly previous: number;
  readonly at: string;
  readonly chance: number;
}

const note = (at: string) => ({ at, by: 'a person', reason: 'audit' });

/** What the owner's name says it does. */
function runOf({ rotationId: id }: Owner, key: ManagedKey, at: string): Run {
  const parts = parseRotationId(id);
  return parts ?? { kind: 'rotation', window: windowAt(key.policy, at), number: 1 };
}

/** In some of the walks the owner has died an hour ago. */
function deadHolder({ lease }: ManagedKey, { at, chance }: Choice): Holder | undefined {
  return lease === null || chance < 0.5 ? undefined : { rotationId: lease.rotationId, closedAt: plusSeconds(at, -3600) };
}

/** What may be claimed now, or an attempt that may not. */
function claimable(key: ManagedKey, { at, chance }: Choice, holder?: Holder): Run {
  const next = nextRun(key, at, holder);
  if (next.kind === 'start' && chance < 0.9) return next.run;
  const window = windowAt(key.policy, at);
  return { kind: 'rotation', window, number: (key.window?.id === window ? key.window.attempt : 1) + (chance < 0.92 ? 1 : 0) };
}

const STEPS: Readonly<Record<string, (key: ManagedKey, choice: Choice) => Decision>> = {
  claim: (key, choice) => {
    const holder = deadHolder(key, choice);
    const run = claimable(key, choice, holder);
    return claim(key, { rotationId: rotationId('orders', run), executionArn: 'arn', run, at: choice.at, ...(holder === undefined ? {} : { holder }) });
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
  extend: (key, { owner, previous, at }) => extendDrain(key, owner, previous, at, 'used'),
  intendDisable: (key, { owner, previous, at }) => intendDisable(key, owner, previous, at, 'call-1'),
  commitDisable: (key, { owner, previous, at }) => commitDisable(key, owner, previous, at),
  intendRevoke: (key, { owner, previous, at }) => intendRevoke(key, owner, previous, at, 'call-1'),
  commitRevoke: (key, { owner, previous, at }) => commitRevoke(key, owner, previous, at, plusSeconds(at, 7 * DAY)),
  withdrawRetirement: (key, { owner, at }) => withdrawRetirement(key, owner, at),
  destroy: (key, { previous, at }) => recordDestruction(key, key.versions[`v${previous}`]?.kmsKeyId ?? 'none', at, 'kms'),
  settle: (key, { owner, at }) => settle(key, owner.rotationId, at),
  fail: (key, { owner, at }) => recordFailure(key, { rotationId: owner.rotationId, state: 'Some State', error: 'Throttled', errorClass: 'retry', at }),
  abort: (key, { owner, at, chance }) => abortRun(key, owner, runOf(owner, key, at), at, { error: chance < 0.1 ? 'AbortRequested' : 'Test', errorClass: chance > 0.9 ? 'non-recoverable' : 'recoverable' }),
  complete: (key, { owner, previous, at, chance }) => completeRun(key, owner, runOf(owner, key, at), at, key.hold !== null || chance > 0.7 ? { version: previous, reason: 'left' } : null),
  raise: (key, choice) => raiseRun(key, claimable(key, choice, deadHolder(key, choice)), choice.at, 'starter'),
  hold: (key, { at }) => (key.hold === null ? setHold(key, note(at)) : releaseHold(key, note(at))),
  pause: (key, { at, chance }) => setPause(key, note(at), plusSeconds(at, 1 + chance * DAY)),
  quarantine: (key, { at }) => quarantine(key, note(at)),
  lift: (key, { at }) => liftQuarantine(key, note(at)),
  requestAbort: (key, { at }) => requestAbort(key, note(at)),
  emergency: (key, { number, previous, at, chance }) => approveEmergency(key, { at, approvalId: 'a'.repeat(20), reason: 'a leak', version: chance < 0.5 ? number : previous, requestedBy: 'a person', approvedBy: ['another'] }),
  intendRescue: (key, { previous, at }) => intendRescue(key, previous, note(at)),
  cancelDeletion: (key, { previous, at }) => {
    // KMS was asked first, and only what a rescue has announced.
    if (key.rescues[`v${previous}`] === undefined) throw new TaskError('RotationNotAllowed', 'no rescue was announced');
    return commitCancelledDeletion(key, previous, note(at));
  },
  rescue: (key, { previous, at }) => commitRescue(key, previous, note(at)),
  policy: (key, { at, chance }) => register(key, policyOf({ ...SHORT, bakeSeconds: 2 * DAY + Math.floor(chance * DAY) }), { registryId: 'registry', at, by: 'deploy' }),
};
const NAMES = Object.keys(STEPS);

/** Anybody may claim, record, settle the own lease, deploy; people and their functions hold, rescue and ask. Everything else is the owner's. */
const NOT_THE_OWNERS = [
  'claim', 'fail', 'destroy', 'settle', 'raise', 'policy', 'hold', 'pause', 'quarantine', 'lift', 'requestAbort', 'emergency', 'intendRescue', 'cancelDeletion', 'rescue',
];

/** What a run would do next, so that random walks get somewhere; in between they do anything. */
function nextStep(key: ManagedKey, at: string, chance: number): string {
  // The owner has died, and the starter goes on under the next number.
  if (key.lease !== null && chance > 0.96) return (parseRotationId(key.lease.rotationId)?.number ?? 0) < (key.window?.attempt ?? 0) ? 'claim' : 'raise';
  const rescued = rescuedVersion(key);
  if (rescued !== undefined) return rescued.status === 'REVOKED' ? 'cancelDeletion' : 'rescue';
  if (key.lease === null) return key.quarantine !== null ? 'lift' : key.hold === null ? 'claim' : 'hold';
  if (key.intent?.kind === 'promote') return 'commitPromotion';
  if (key.intent?.kind === 'disable') return 'commitDisable';
  if (key.intent?.kind === 'revoke') return 'commitRevoke';
  const { version, previous, isRetirementOnly } = subjectOf(key, runOf({ rotationId: key.lease.rotationId, fence: key.fence }, key, at));
  const own = versionOf(key, version);
  if (own === undefined) return 'intendCreate';
  if (own.status === 'PENDING') return nextOfPending(key, own);
  if (previous === null || previous.status === 'REVOKED') return 'complete';
  if (previous.drainFrom === undefined) return isRetirementOnly ? 'complete' : 'confirm';
  if (key.hold !== null) return 'complete';
  return previous.status === 'DEPRECATED' ? 'intendDisable' : 'intendRevoke';
}

/** A version whose rescue was announced and is not done. */
function rescuedVersion(key: ManagedKey): KeyVersion | undefined {
  return Object.keys(key.rescues).map((id) => key.versions[id]).find((version) => version?.status === 'REVOKED' || version?.status === 'DISABLED');
}

/** The versions that a step would be about. */
function subjectsOf(key: ManagedKey, at: string): { readonly number: number; readonly previous: number } {
  const version = key.lease === null ? key.lastVersion : subjectOf(key, runOf({ rotationId: key.lease.rotationId, fence: key.fence }, key, at)).version;
  const previous = key.lease === null ? version - 1 : subjectOf(key, runOf({ rotationId: key.lease.rotationId, fence: key.fence }, key, at)).previous?.number;
  return { number: version, previous: previous ?? version - 1 };
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
  if (before.lease !== null && after.lease === null) expect(['complete', 'abort']).toContain(name);
  if (before.lease !== null && after.lease === null && name === 'complete') expect(after.intent).toBeNull();
  // Nothing that was quarantined starts, and nothing but a person ends a quarantine.
  if (before.quarantine !== null) expect(name).not.toBe('claim');
  if (before.quarantine !== null && after.quarantine === null) expect(name).toBe('lift');
  // The index finds a key when the first of its times has come.
  const emergencyDueAt = after.emergency === null || after.emergency.isDone ? null : after.emergency.dueAt;
  expect(after.dueAt).toBe([after.rotationDueAt, after.retirementDueAt, emergencyDueAt].filter((due) => due !== null).sort()[0]);
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
    if (was?.[field] === undefined || (field === 'disableNotBefore' && name === 'extend') || (field === 'revokeNotBefore' && name === 'rescue')) continue;
    if (field === 'disableNotBefore' && name === 'claim' && version.compromisedAt !== undefined) expect(msOf(version.disableNotBefore!)).toBeLessThanOrEqual(msOf(was.disableNotBefore!));
    else expect({ field, value: version[field] }).toEqual({ field, value: was[field] });
  }
  if (was?.compromisedAt === undefined && version.compromisedAt !== undefined) expect(name).toBe('claim');
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
    const step = name ?? nextStep(before, instantOf(nowMs), chance);
    const own = living.owner();
    const owner = stale === 'old token' ? { ...own, fence: own.fence - 1 } : stale === 'another owner' ? { ...own, rotationId: 'orders-20260101T0000Z-a9' } : own;
    const { number, previous } = subjectsOf(before, instantOf(nowMs));
    const subject = name === null ? (rescuedVersion(before)?.number ?? previous) : previous;
    const about = { number: Math.max(1, number + otherVersion), previous: Math.max(1, subject + otherVersion) };
    try {
      const isWritten = living.apply(STEPS[step]!(before, { owner, ...about, at: instantOf(nowMs), chance }));
      if (isWritten && stale !== false) expect(NOT_THE_OWNERS).toContain(step);
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
  fc.assert(fc.property(walks, (steps) => void walk(steps)), { numRuns: 80 });
});

test('walks get everywhere: those that get nowhere prove nothing', () => {
  const ledger = fc.sample(walks, { seed: 7, numRuns: 60 }).flatMap((steps) => walk(steps).ledger);
  expect([...new Set(ledger.map(({ type }) => type))]).toEqual(
    expect.arrayContaining([
      'VersionPromoted', 'PromotionConfirmed', 'VersionDisabled', 'VersionRevoked', 'RotationCompleted', 'RotationSettled', 'DrainExtended', 'VersionDestroyed',
      'EmergencyApproved', 'RunRaised', 'KeyQuarantined', 'QuarantineLifted', 'AbortRequested', 'RescueIntended', 'VersionRescued', 'HoldReleased',
    ]),
  );
  const completed = ledger.filter(({ type }) => type === 'RotationCompleted').map(({ by }) => parseRotationId(by)?.kind);
  expect([...new Set(completed)].sort()).toEqual(['emergency', 'retirement', 'rotation']);
  expect(ledger.some(({ type, facts }) => type === 'RotationClaimed' && facts?.['takenOverFrom'] !== undefined)).toBe(true);
});
