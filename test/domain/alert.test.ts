import { alertOf, type AlertFacts } from '../../lambdas/domain/alert';
import { approvalAlert } from '../../lambdas/domain/approval-alert';
import type { Approval } from '../../lambdas/domain/approval';
import { failureAlert, type FailureFacts } from '../../lambdas/domain/failure-alert';
import { TASK_ERRORS } from '../../lambdas/contract/errors';
import { responseTo, type Response } from '../../lambdas/domain/failure';

const ARN = 'arn:aws:states:eu-central-1:111122223333:execution:key-rotation:orders-20260401T0000Z-a1';
const facts: AlertFacts = {
  id: 'one', key: 'orders', owner: 'team-orders', headline: 'something happened', stage: 'Claim Rotation', severity: 'page', errorClass: 'recoverable', executionArn: ARN, rotationId: 'orders-20260401T0000Z-a1',
  reason: 'Throttled: slow down', isEncryptionImpacted: 'No.', isDecryptionValid: 'Yes.', mustCustomerAct: 'No!', isInterventionSafe: 'Not now.', next: 'It goes on.', commands: ['keyturn status orders'], runbook: 'aborted',
};
const failure: FailureFacts = { key: 'orders', owner: 'team-orders', rotationId: 'orders-20260401T0000Z-a1', executionArn: ARN, state: 'Create Key Version', error: 'QuotaExceeded', errorClass: 'non-recoverable', reason: 'no more keys', at: '2026-04-01T01:00:00.000Z', response: 'settle-and-ask' };

/** What a person asks first. */
const QUESTIONS = ['Is encryption impacted?', 'Is decryption still valid?', 'Must a customer act?', 'Is manual intervention safe?', 'What happens next?'];

describe('an alert', () => {
  test('answers every question that a person asks first', () => {
    const { message } = alertOf(facts);
    for (const line of ['orders, owner team-orders', 'Claim Rotation (recoverable)', ARN, 'Throttled: slow down', 'keyturn status orders', 'docs/operations.md#aborted', ...QUESTIONS]) expect(message).toContain(line);
    expect(message).toMatch(/Must a customer act\? +No!/);
  });

  test('leads to the execution in its partition and Region', () => {
    expect(alertOf(facts).message).toContain(`https://console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/${ARN}`);
    expect(alertOf({ ...facts, executionArn: ARN.replace('arn:aws:', 'arn:aws-us-gov:') }).message).toContain('https://console.amazonaws-us-gov.com/states');
    expect(alertOf({ ...facts, executionArn: ARN.replace('arn:aws:', 'arn:aws-cn:') }).message).toContain('https://console.amazonaws.cn/states');
  });

  test('has attributes to filter by, and its id', () => {
    expect(alertOf(facts).attributes).toEqual({ alertId: 'one', key: 'orders', owner: 'team-orders', stage: 'Claim Rotation', severity: 'page', class: 'recoverable', rotation: 'orders-20260401T0000Z-a1' });
    const { errorClass: _class, rotationId: _rotation, ...others } = facts;
    expect(Object.keys(alertOf(others).attributes)).toEqual(['alertId', 'key', 'owner', 'stage', 'severity']);
  });

  test('has a subject that SNS takes, and a reason that leaves room for the rest', () => {
    const { subject, message } = alertOf({ ...facts, headline: `Schlüssel\n${'x'.repeat(200)}`, reason: 'y'.repeat(500_000) });
    expect(subject).toBe(`keyturn: orders: Schl?ssel?${'x'.repeat(72)}`);
    expect(message.length).toBeLessThan(8000);
    expect(message).toContain('What happens next?');
  });
});

describe("a failure's alert", () => {
  test('is the same alert however often it is published, and another for another failure', () => {
    expect(failureAlert(failure)).toEqual(failureAlert({ ...failure }));
    expect(failureAlert(failure).id).not.toBe(failureAlert({ ...failure, at: '2026-04-01T02:00:00.000Z' }).id);
  });

  test.each(Object.entries(TASK_ERRORS))('about %s answers every question, as urgent as its response', (error, errorClass) => {
    const response: Response = responseTo(errorClass, 0);
    const { message, attributes } = failureAlert({ ...failure, error, errorClass, response });
    for (const question of QUESTIONS) expect(message).toMatch(new RegExp(`${question.replace('?', '\\?')} +\\S`));
    expect(attributes['severity']).toBe(response === 'ask' || response === 'settle-and-ask' ? 'page' : response === 'settle-and-resume' ? 'note' : 'ticket');
    expect(message.includes('PERHAPS')).toBe(errorClass === 'security-critical');
  });

  test('at the last attempt pages, and says that nothing starts until the quarantine is lifted', () => {
    const { subject, message, attributes } = failureAlert({ ...failure, error: 'DependentsNotReady', errorClass: 'recoverable', response: 'settle-and-abort', isLastAttempt: true });
    expect(subject).toContain('at the last attempt');
    expect(attributes['severity']).toBe('page');
    expect(message).toContain('the key is quarantined');
    expect(message).not.toContain('The next attempt follows');
    expect(message).toMatch(/keyturn lift orders --reason …[^]*#quarantined/);
  });

  test('about what is retried says that it has outlived that', () => {
    expect(failureAlert({ ...failure, error: 'Throttled', errorClass: 'retry', response: 'settle-and-abort' }).subject).toBe('keyturn: orders: Throttled outlived its retries in Create Key Version');
  });

  test('about an abort that somebody asked for promises no next attempt', () => {
    const { message } = failureAlert({ ...failure, error: 'AbortRequested', errorClass: 'recoverable', response: 'settle-and-abort' });
    expect(message).toContain('not tried again by itself');
    expect(message).not.toContain('The next attempt follows');
  });

  test('that waits for a person says how to answer', () => {
    expect(failureAlert(failure).message).toMatch(/keyturn approvals orders\n.*--resume.*\n.*--abort/);
    expect(failureAlert({ ...failure, errorClass: 'security-critical', response: 'ask' }).message).toContain('keyturn repair orders');
  });
});

test('a question is one alert, which says how to answer it, until when, and by how many', () => {
  const approval: Approval = {
    id: 'a'.repeat(20), key: 'orders', purpose: 'revoke', question: 'Schedule its deletion?', rev: 7, requestedBy: 'r', requestedAt: '2026-04-01T01:00:00.000Z', expiresAt: '2026-04-08T01:00:00.000Z',
    approversNeeded: 2, rotationId: 'orders-20260401T0000Z-a1', version: 1, errorClass: null, facts: {}, votes: [], outcome: null,
  };
  const { id, message, attributes } = approvalAlert(approval, 'team-orders', ARN);
  expect(id).toBe(`approval/${approval.id}`);
  for (const part of ['Schedule its deletion?', `keyturn approve ${approval.id}`, `keyturn deny ${approval.id}`, 'Two different people must approve', '2026-04-08T01:00:00.000Z']) expect(message).toContain(part);
  expect(attributes['severity']).toBe('ticket');
  for (const purpose of ['emergency', 'break-glass'] as const) expect(approvalAlert({ ...approval, purpose }, 'team-orders').attributes['severity']).toBe('page');
  expect(approvalAlert(approval, 'team-orders').message).toMatch(/Is encryption impacted\? +No\./);
  for (const frozen of [{ purpose: 'repair' }, { errorClass: 'security-critical' }] as const) {
    expect(approvalAlert({ ...approval, ...frozen }, 'team-orders').message).toMatch(/Is encryption impacted\? +PERHAPS\. The key is frozen/);
  }
});
