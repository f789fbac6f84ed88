import { adoptCreated, equip, intendCreate, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { abortRun, raiseRun, recordFailure } from '../../lambdas/domain/failure';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRun, settle } from '../../lambdas/domain/lease';
import type { Decision, LedgerNote } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { commitPromotion, confirmPromotion, intendPromote, withdrawPromotion } from '../../lambdas/domain/promotion';
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
  ['a disable intent', draining, (key, owner) => intendDisable(key, owner, 1, LATE), { type: 'DisableIntended', at: LATE, by: B1, facts: { version: 1 } }],
  ['a disable', () => after(draining(), ({ key }) => intendDisable(key, { rotationId: B1, fence: key.fence }, 1, LATE)), (key, owner) => commitDisable(key, owner, 1, LATE), { type: 'VersionDisabled', at: LATE, by: B1, facts: { version: 1 } }],
  ['a withdrawn disable', () => after(draining(), (living) => intendDisable(living.key, living.owner(), 1, LATE)), (key, owner) => withdrawRetirement(key, owner, LATE), { type: 'DisableWithdrawn', at: LATE, by: B1, facts: { version: 1 } }],
  ['a revoke intent', disabled, (key, owner) => intendRevoke(key, owner, 1, LATER), { type: 'RevokeIntended', at: LATER, by: B1, facts: { version: 1 } }],
  ['a revocation', () => after(disabled(), (living) => intendRevoke(living.key, living.owner(), 1, LATER)), (key, owner) => commitRevoke(key, owner, 1, LATER, plusSeconds(LATER, DAY)), { type: 'VersionRevoked', at: LATER, by: B1, facts: { version: 1, deletionAt: plusSeconds(LATER, DAY) } }],
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
