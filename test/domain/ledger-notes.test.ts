import type { Approval } from '../../lambdas/domain/approval';
import { noteAnswer, noteApproval } from '../../lambdas/domain/approval-notes';
import { adoptCreated, equip, intendCreate, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { abortRun, raiseRun, recordFailure } from '../../lambdas/domain/failure';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRun, settle } from '../../lambdas/domain/lease';
import type { Decision, LedgerNote } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { endPause, liftQuarantine, quarantine, noteDeadOwner, quarantineForDeadOwner, releaseHold, requestAbort, setHold, setPause } from '../../lambdas/domain/operations';
import { commitPromotion, confirmPromotion, intendPromote, withdrawPromotion } from '../../lambdas/domain/promotion';
import { register, remove } from '../../lambdas/domain/registration';
import type { Repair } from '../../lambdas/domain/repair';
import { acceptKey, beginRepair, drainAgain, liftFreeze, recordRepair } from '../../lambdas/domain/repair-steps';
import { commitCancelledDeletion, commitRescue, intendRescue } from '../../lambdas/domain/rescue';
import { commitDisable, commitRevoke, extendDrain, intendDisable, intendRevoke, recordDestruction, withdrawRetirement } from '../../lambdas/domain/retirement';
import { AT, attempt, bootstrapped, claimed, disabled, draining, LATE, LATER, NEXT_AT, NEXT_WINDOW, prepare, registered, request, revoked, WINDOW, type LivingKey } from './living-key';
import { intendCreate as intend } from '../support/intend-create';
import { leftPending, requestFor, runOf } from './runs';

const A1 = 'orders-20260401T0000Z-a1';
const B1 = 'orders-20260630T0000Z-a1';
const DAY = 86_400;

const after = (living: LivingKey, ...decide: readonly ((living: LivingKey) => Decision)[]): LivingKey => {
  for (const step of decide) living.apply(step(living));
  return living;
};
const intended = (living: LivingKey): Decision => intend(living.key, living.owner(), 1, AT);
const adopted = (living: LivingKey): Decision => adoptCreated(living.key, living.owner(), 1, { keyId: 'k1', keyArn: 'arn:k1' }, AT);
const equipped = (living: LivingKey): Decision => equip(living.key, living.owner(), 1, AT);
const promoting = (living: LivingKey): Decision => intendPromote(living.key, living.owner(), 2, NEXT_AT);
const promoted = (living: LivingKey): Decision => commitPromotion(living.key, living.owner(), 2, NEXT_AT);
const replacing = (): LivingKey => prepare(after(bootstrapped(), (living) => claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT))), 2, NEXT_AT);
const failure = { rotationId: A1, state: 'Prove Key Version', error: 'ProofFailed', errorClass: 'recoverable', at: AT } as const;

/** What people and `keyturn audit` read of each step: what happened, when, by whom, and the facts that the states around it do not show. */
test.each<[string, () => LivingKey, (key: ManagedKey, owner: { rotationId: string; fence: number }) => Decision, LedgerNote]>([
  ['a claim', registered, (key) => claim(key, request()), { type: 'RotationClaimed', at: AT, by: A1, facts: { window: WINDOW, attempt: 1 } }],
  ['a claim of a retirement run', leftPending, (key) => claim(key, requestFor(runOf('retirement'), LATE)), { type: 'RotationClaimed', at: LATE, by: 'orders-20260630T0000Z-r1', facts: { window: NEXT_WINDOW, retirement: 1 } }],
  ['a create intent', claimed, (key, owner) => intendCreate(key, owner, 1, AT, { invocationId: 'i', intentsSeen: 0 }), { type: 'CreateIntended', at: AT, by: A1, facts: { version: 1, intent: 1, invocationId: 'i' } }],
  ['a refused creation', () => after(claimed(), intended), (key, owner) => refuseCreate(key, owner, 1, AT, 'Throttled'), { type: 'CreateRefused', at: AT, by: A1, facts: { version: 1, error: 'Throttled' } }],
  ['an adopted key', () => after(claimed(), intended), (key, owner) => adoptCreated(key, owner, 1, { keyId: 'k1', keyArn: 'arn:k1' }, AT), { type: 'VersionCreated', at: AT, by: A1, facts: { version: 1, kmsKeyId: 'k1' } }],
  ['an equipped key', () => after(claimed(), intended, adopted), (key, owner) => equip(key, owner, 1, AT), { type: 'VersionEquipped', at: AT, by: A1, facts: { version: 1 } }],
  ['a proof', () => after(claimed(), intended, adopted, equipped), (key, owner) => recordProof(key, owner, 1, AT), { type: 'VersionProved', at: AT, by: A1, facts: { version: 1 } }],
  ['a promote intent', replacing, (key, owner) => intendPromote(key, owner, 2, NEXT_AT), { type: 'PromoteIntended', at: NEXT_AT, by: B1, facts: { version: 2, toKeyId: 'k2' } }],
  ['a promotion', () => after(replacing(), promoting), (key, owner) => commitPromotion(key, owner, 2, NEXT_AT), { type: 'VersionPromoted', at: NEXT_AT, by: B1, facts: { version: 2 } }],
  ['a withdrawn promotion', () => after(replacing(), promoting), (key, owner) => withdrawPromotion(key, owner, NEXT_AT), { type: 'PromoteWithdrawn', at: NEXT_AT, by: B1, facts: { version: 2 } }],
  ['a confirmation', () => after(replacing(), promoting, promoted), (key, owner) => confirmPromotion(key, owner, 2, NEXT_AT), { type: 'PromotionConfirmed', at: NEXT_AT, by: B1, facts: { version: 2, draining: 1 } }],
  ['an extension', draining, (key, owner) => extendDrain(key, owner, 1, LATE, 'used'), { type: 'DrainExtended', at: LATE, by: B1, facts: { version: 1, extension: 1, reason: 'used' } }],
  ['a disable intent', draining, (key, owner) => intendDisable(key, owner, 1, LATE, 'call-1'), { type: 'DisableIntended', at: LATE, by: B1, facts: { version: 1, invocationId: 'call-1' } }],
  ['a disable', () => after(draining(), ({ key }) => intendDisable(key, { rotationId: B1, fence: key.fence }, 1, LATE, 'call-1')), (key, owner) => commitDisable(key, owner, 1, LATE), { type: 'VersionDisabled', at: LATE, by: B1, facts: { version: 1 } }],
  ['a withdrawn disable', () => after(draining(), (living) => intendDisable(living.key, living.owner(), 1, LATE, 'call-1')), (key, owner) => withdrawRetirement(key, owner, LATE), { type: 'DisableWithdrawn', at: LATE, by: B1, facts: { version: 1 } }],
  ['a revoke intent', disabled, (key, owner) => intendRevoke(key, owner, 1, LATER, 'call-1'), { type: 'RevokeIntended', at: LATER, by: B1, facts: { version: 1, invocationId: 'call-1' } }],
  ['a revocation', () => after(disabled(), (living) => intendRevoke(living.key, living.owner(), 1, LATER, 'call-1')), (key, owner) => commitRevoke(key, owner, 1, LATER, plusSeconds(LATER, DAY)), { type: 'VersionRevoked', at: LATER, by: B1, facts: { version: 1, deletionAt: plusSeconds(LATER, DAY) } }],
  ['a destruction', revoked, (key) => recordDestruction(key, 'k1', LATER, 'reconcile'), { type: 'VersionDestroyed', at: LATER, by: 'reconcile', facts: { version: 1, kmsKeyId: 'k1' } }],
  ['an end', claimed, (key, owner) => completeRun(key, owner, attempt(1), AT, null), { type: 'RotationCompleted', at: AT, by: A1, facts: { window: WINDOW } }],
  ['an end that leaves a retirement', draining, (key, owner) => completeRun(key, owner, attempt(1, NEXT_WINDOW), LATE, { version: 1, reason: 'held' }), { type: 'RotationCompleted', at: LATE, by: B1, facts: { window: NEXT_WINDOW, retirementPending: 1, reason: 'held' } }],
  ['settling', claimed, (key) => settle(key, A1, AT), { type: 'RotationSettled', at: AT, by: A1 }],
  ['a failure', claimed, (key) => recordFailure(key, failure), { type: 'FailureRecorded', at: AT, by: A1, facts: { state: 'Prove Key Version', error: 'ProofFailed', class: 'recoverable' } }],
  ['an abort', claimed, (key, owner) => abortRun(key, owner, attempt(1), AT, { error: 'ProofFailed', errorClass: 'recoverable' }), { type: 'RotationAborted', at: AT, by: A1, facts: { error: 'ProofFailed', nextRun: 2 } }],
  ['an abort for a person', claimed, (key, owner) => abortRun(key, owner, attempt(1), AT, { error: 'QuotaExceeded', errorClass: 'non-recoverable' }), { type: 'RotationAborted', at: AT, by: A1, facts: { error: 'QuotaExceeded', quarantined: true } }],
  ['a raised attempt', registered, (key) => raiseRun(key, attempt(1), AT, 'starter'), { type: 'RunRaised', at: AT, by: 'starter', facts: { window: WINDOW, run: 2 } }],
  ['the last attempt', () => registered({ maxAttempts: 1 }), (key) => raiseRun(key, attempt(1), AT, 'starter'), { type: 'AttemptsUsedUp', at: AT, by: 'starter', facts: { window: WINDOW, run: 2 } }],
])('%s leaves its line in the ledger', (_, make, decide, note) => {
  const living = make();
  const decision = decide(living.key, living.owner());
  expect(decision.kind === 'write' ? decision.note : undefined).toEqual(note);
});

const note = { by: 'alice', at: LATE, reason: 'audit' };
const rescue = { by: 'rescue-version', at: LATER, reason: 'reports called Decrypt' };
const held = (key: ManagedKey): ManagedKey => ({ ...key, hold: { ...note, by: 'eve' } });
const rescued = (living: LivingKey): LivingKey => after(living, ({ key }) => intendRescue(key, 1, rescue));
const approval: Approval = {
  id: 'a1', key: 'orders', purpose: 'repair', question: '?', rev: 1, requestedBy: 'bob', requestedAt: LATE, expiresAt: LATER, approversNeeded: 2, rotationId: null, version: 1, errorClass: null,
  facts: { reason: 'by mistake' }, votes: [{ answer: 'approve', by: 'alice', at: LATE, reason: 'fine' }, { answer: 'approve', by: 'eve', at: LATER, reason: 'right' }], outcome: 'approve',
};
const COMPARE: Repair = { kind: 'compare' };
const COMPARED = 'compare registry and KMS, change nothing, and end the freeze if they agree';
const repairing = (): LivingKey => after(draining(), ({ key }) => beginRepair(key, approval, COMPARE, LATE));
const FOREIGN = { keyId: 'kx', keyArn: 'arn:kx' };
const registration = { registryId: 'registry', at: LATE, by: 'deploy' };

test.each<[string, () => LivingKey, (key: ManagedKey) => Decision, LedgerNote]>([
  ['a hold', registered, (key) => setHold(key, note), { type: 'HoldSet', at: LATE, by: 'alice', facts: { reason: 'audit' } }],
  ['the end of a hold', registered, (key) => releaseHold(held(key), note), { type: 'HoldReleased', at: LATE, by: 'alice', facts: { reason: 'audit', heldBy: 'eve' } }],
  ['a pause', registered, (key) => setPause(key, note, LATER), { type: 'PauseSet', at: LATE, by: 'alice', facts: { until: LATER, reason: 'audit' } }],
  ['the end of a pause', registered, (key) => endPause({ ...key, pause: { ...note, until: LATER } }, note), { type: 'PauseEnded', at: LATE, by: 'alice', facts: { reason: 'audit' } }],
  ['a wish to abort', claimed, (key) => requestAbort(key, note), { type: 'AbortRequested', at: LATE, by: 'alice', facts: { rotationId: A1, reason: 'audit' } }],
  ['a quarantine', registered, (key) => quarantine(key, note), { type: 'KeyQuarantined', at: LATE, by: 'alice', facts: { reason: 'audit' } }],
  ['the death of an owner', claimed, (key) => quarantineForDeadOwner(key, A1, note), { type: 'KeyQuarantined', at: LATE, by: 'alice', facts: { reason: 'audit' } }],
  ['the death of the owner of a frozen key', claimed, (key) => noteDeadOwner(key, A1, note), { type: 'OwnerEnded', at: LATE, by: 'alice', facts: { reason: 'audit' } }],
  ['the end of a quarantine', registered, (key) => liftQuarantine({ ...key, quarantine: { ...note, reason: 'failed' } }, note), { type: 'QuarantineLifted', at: LATE, by: 'alice', facts: { reason: 'audit', was: 'failed' } }],
  ['a changed policy', registered, (key) => register(key, { ...key.policy, owner: 'others' }, registration), { type: 'PolicyChanged', at: LATE, by: 'deploy', facts: { owner: 'others' } }],
  ['a removal', registered, (key) => remove(key, LATE, 'deploy'), { type: 'KeyRemoved', at: LATE, by: 'deploy' }],
  ['a registration', registered, (key) => register(undefined, key.policy, registration), { type: 'KeyRegistered', at: LATE, by: 'deploy', facts: { owner: 'team-orders' } }],
  ['an adoption', registered, (key) => register(undefined, key.policy, { ...registration, adopted: FOREIGN }), { type: 'VersionAdopted', at: LATE, by: 'deploy', facts: { owner: 'team-orders', adopted: 'arn:kx' } }],
  ['a rescue that is announced', disabled, (key) => intendRescue(key, 1, rescue), { type: 'RescueIntended', at: LATER, by: 'rescue-version', facts: { version: 1, reason: 'reports called Decrypt' } }],
  ['a rescue', () => rescued(disabled()), (key) => commitRescue(key, 1, rescue), { type: 'VersionRescued', at: LATER, by: 'rescue-version', facts: { version: 1 } }],
  ['a cancelled deletion', () => rescued(revoked()), (key) => commitCancelledDeletion(key, 1, rescue), { type: 'DeletionCancelled', at: LATER, by: 'rescue-version', facts: { version: 1 } }],
  ['a repair that begins', draining, (key) => beginRepair(key, approval, COMPARE, LATE), { type: 'RepairBegun', at: LATE, by: 'repair-a1', facts: { approval: 'a1', repair: COMPARED, requestedBy: 'bob', approvedBy: 'alice, eve', reason: 'by mistake' } }],
  ['a repair that is made', repairing, (key) => recordRepair(key, 'a1', key.fence, COMPARE, LATE), { type: 'RepairMade', at: LATE, by: 'repair-a1', facts: { approval: 'a1', repair: COMPARED, approvedBy: 'alice, eve' } }],
  ['a ledger that begins anew', repairing, (key) => recordRepair(key, 'a1', key.fence, { kind: 'rebaseline-ledger' }, LATE), { type: 'LedgerRebaselined', at: LATE, by: 'repair-a1', facts: { approval: 'a1', repair: 'start the ledger anew from the registry as it stands', approvedBy: 'alice, eve' } }],
  ['a version that drains again', repairing, (key) => drainAgain(key, 'a1', key.fence, key.versions['v1']?.kmsKeyId ?? '', LATE), { type: 'DrainExtended', at: LATE, by: 'repair-a1', facts: { version: 1, reason: 'the alias pointed to it again' } }],
  ['an accepted key', repairing, (key) => acceptKey(key, 'a1', key.fence, FOREIGN, LATE), { type: 'RepairMade', at: LATE, by: 'repair-a1', facts: { approval: 'a1', accepted: 'arn:kx', version: 3, approvedBy: 'alice, eve', released: B1 } }],
  ['an accepted key that nobody owned', repairing, (key) => acceptKey({ ...key, lease: null }, 'a1', key.fence, FOREIGN, LATE), { type: 'RepairMade', at: LATE, by: 'repair-a1', facts: { approval: 'a1', accepted: 'arn:kx', version: 3, approvedBy: 'alice, eve' } }],
  ['the end of a freeze', repairing, (key) => liftFreeze(key, 'a1', key.fence, LATE, 'agreed'), { type: 'FreezeLifted', at: LATE, by: 'repair-a1', facts: { approval: 'a1', requestedBy: 'bob', approvedBy: 'alice, eve', reason: 'agreed' } }],
  ['a question', registered, (key) => noteApproval(key, approval, [], LATE), { type: 'ApprovalRequested', at: LATE, by: 'bob', facts: { approval: 'a1', purpose: 'repair', version: 1 } }],
  ['a question about no version', registered, (key) => noteApproval(key, { ...approval, version: null }, [], LATE), { type: 'ApprovalRequested', at: LATE, by: 'bob', facts: { approval: 'a1', purpose: 'repair' } }],
  ['an answer', registered, (key) => noteAnswer(key, approval), { type: 'ApprovalAnswered', at: LATER, by: 'eve', facts: { approval: 'a1', purpose: 'repair', answer: 'approve', answeredBy: 'alice, eve', requestedBy: 'bob', reason: 'right' } }],
])('%s, which is no step of a rotation, leaves its line, too', (_, make, decide, expected) => {
  const decision = decide(make().key);
  expect(decision.kind === 'write' ? decision.note : undefined).toEqual(expected);
});
