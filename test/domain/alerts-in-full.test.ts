import type { Approval } from '../../lambdas/domain/approval';
import { alertOf, type Alert } from '../../lambdas/domain/alert';
import { approvalAlert } from '../../lambdas/domain/approval-alert';
import { failureAlert, type FailureFacts } from '../../lambdas/domain/failure-alert';
import { frequentEmergenciesAlert } from '../../lambdas/domain/frequency-alert';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { frozenAlert, orphanAlert, overdueAlert, registryWentBackAlert, retirementPendingAlert, unansweredAlert } from '../../lambdas/domain/reconcile-alerts';
import { repairDiffersAlert } from '../../lambdas/domain/repair-alert';
import { AT, bootstrapped, draining, LATE, NEXT_AT } from './living-key';
import read from './alerts-in-full.json';

const NOTE = { by: 'alice', at: AT, reason: 'audit' };
const { key } = bootstrapped();
const stuck: ManagedKey = { ...draining().key, hold: NOTE, pause: { ...NOTE, until: LATE }, quarantine: NOTE };
const asked = (purpose: Approval['purpose'], change: Partial<Approval> = {}): Approval => ({
  id: 'a1', key: 'orders', purpose, question: 'May it?', rev: 1, requestedBy: 'bob', requestedAt: AT, expiresAt: LATE, approversNeeded: 1, rotationId: null, version: 2, errorClass: null, facts: {}, votes: [], outcome: null, ...change,
});
const recover = asked('recover', { rotationId: 'orders-20260401T0000Z-a1', errorClass: 'security-critical' });

const failed = (errorClass: FailureFacts['errorClass'], response: FailureFacts['response'], change: Partial<FailureFacts> = {}): Alert =>
  failureAlert({ key: 'orders', owner: 'team', rotationId: 'orders-20260401T0000Z-a1', executionArn: 'arn:execution', state: 'Check Drain', error: 'SomeError', errorClass, reason: 'as it was said', at: AT, response, ...change });

const ALERTS: Readonly<Record<keyof typeof read, () => Alert>> = {
  'a freeze': () => frozenAlert(key, 'the alias points elsewhere', ['--repoint-alias'], NEXT_AT),
  'a freeze that no repair fits': () => frozenAlert(key, 'strange', [], NEXT_AT),
  'an overdue key': () => overdueAlert(key, '20260630T0000Z', NEXT_AT),
  'an overdue key that is kept from starting': () => overdueAlert(stuck, '20260630T0000Z', NEXT_AT),
  'a retirement that is pending for long': () => retirementPendingAlert(stuck, stuck.versions['v1']!),
  'a question that expired': () => unansweredAlert(key, asked('repair')),
  'a question of an execution that expired': () => unansweredAlert(key, recover),
  'an orphan': () => orphanAlert(key, 'k9', 'made twice'),
  'a registry that went back': () => registryWentBackAlert(key, ['k8', 'k9'], 7),
  'a registry that went back for no key': () => registryWentBackAlert(key, [], 0),
  'a registry that knows no key any more': () => registryWentBackAlert({ name: 'orders', policy: { owner: 'unknown' } }, ['k8', 'k9'], undefined),
  'a repair that did not help': () => repairDiffersAlert(key, 'a1', ['alias', 'state']),
  'emergencies that are frequent': () => frequentEmergenciesAlert({ ...key, emergencies: [AT, LATE, NEXT_AT] }, 'bob', 'too many'),
  'emergencies that are frequent without one': () => frequentEmergenciesAlert(key, 'bob', 'too many'),
  'a question of an execution': () => approvalAlert(asked('disable', { rotationId: 'orders-20260401T0000Z-a1' }), 'team', 'arn:execution'),
  'a question to disable': () => approvalAlert(asked('disable'), 'team'),
  'a question to revoke': () => approvalAlert(asked('revoke', { approversNeeded: 2 }), 'team'),
  'a question about an emergency': () => approvalAlert(asked('emergency'), 'team'),
  'a question about a repair': () => approvalAlert(asked('repair'), 'team'),
  'a question to break the glass': () => approvalAlert(asked('break-glass'), 'team'),
  'a question to delete an orphan': () => approvalAlert(asked('delete-orphan', { version: null }), 'team'),
  'a failure that is not tried any more': () => failed('retry', 'settle-and-abort'),
  'a look that was in vain': () => failed('look-again', 'settle-and-abort'),
  'a failure after which the next attempt is made': () => failed('recoverable', 'settle-and-abort'),
  'a failure that was the last attempt': () => failed('recoverable', 'settle-and-abort', { isLastAttempt: true }),
  'an abort that somebody asked for': () => failed('recoverable', 'settle-and-abort', { error: 'AbortRequested' }),
  'a failure that is settled and gone on with': () => failed('uncertain', 'settle-and-resume'),
  'a failure that needs a person': () => failed('non-recoverable', 'settle-and-ask'),
  'a failure that freezes the key': () => failed('security-critical', 'ask'),
  'a stale owner': () => failed('superseded', 'superseded', { error: 'StaleOwner' }),
  'anything, with nothing to type': () =>
    alertOf({ id: 'i', key: 'k', owner: 'o', headline: 'h', stage: 's', severity: 'note', reason: 'r', isEncryptionImpacted: '1', isDecryptionValid: '2', mustCustomerAct: '3', isInterventionSafe: '4', next: '5', commands: [], runbook: 'b' }),
};

/** They are read as they stand in `alerts-in-full.json`, by somebody who was woken: what changes there is changed on purpose. */
test.each(Object.keys(ALERTS) as (keyof typeof ALERTS)[])('%s is told in full', (what) => expect(ALERTS[what]()).toEqual(read[what]));
