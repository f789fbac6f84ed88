import { plusSeconds } from '../../lambdas/domain/instant';
import { classifyFailure, classifyFailureInput } from '../../lambdas/tasks/classify-failure';
import { messageOf } from '../../lambdas/tasks/failure-cause';
import type { Kit } from './kit';
import { bootstrapped, FAILURE_PAYLOADS, kitOf, type PayloadCase, refusal, rotating, ROTATION, SECOND, SETTLED } from './lives';

const input = { ...ROTATION, state: 'Create Key Version', error: 'Throttled', cause: '{"errorMessage":"as it was said"}', settlements: 0, executionArn: 'arn:execution' };
const classify = (kit: Kit, error: string, change = {}) => classifyFailure(kit)({ ...input, error, ...change });
const QUESTION = { purpose: 'recover', askedAt: SETTLED, expiresAt: plusSeconds(SETTLED, 7 * 86_400) };
const told = (kit: Kit): readonly string[] => kit.effects.map((effect) => effect.split(' ')[0] ?? '');

test('records what failed, tells people, and says how it goes on', async () => {
  const kit = kitOf(rotating, { approvalTimeoutSeconds: 86_400 });
  expect(await classify(kit, 'DependentsNotReady')).toEqual({ errorClass: 'recoverable', response: 'settle-and-abort', question: { ...QUESTION, expiresAt: plusSeconds(SETTLED, 86_400) } });
  expect(told(kit)).toEqual(['FailureRecorded', 'queue', 'tell', 'forget']);
  expect(kit.orders.lastFailure).toEqual({ rotationId: SECOND, state: 'Create Key Version', error: 'DependentsNotReady', errorClass: 'recoverable', at: SETTLED });
  const [alert] = kit.told;
  expect(alert).toMatchObject({ attributes: { owner: 'team-orders', class: 'recoverable', severity: 'ticket' } });
  expect(alert?.message).toContain('as it was said');
  expect(alert?.message).toContain('arn:execution');
});

test('the last attempt is told of as such', async () => {
  const kit = kitOf(rotating, { maxAttempts: 1 });
  await classify(kit, 'DependentsNotReady');
  expect(kit.told[0]?.subject).toContain('at the last attempt');
  const more = kitOf(rotating);
  await classify(more, 'DependentsNotReady');
  expect(more.told[0]?.subject).not.toContain('at the last attempt');
  const stranger = kitOf(rotating, { maxAttempts: 1 });
  await classify(stranger, 'DependentsNotReady', { rotationId: `${SECOND.slice(0, -1)}2` });
  expect(stranger.told[0]?.subject).not.toContain('at the last attempt');
  const resumed = kitOf(rotating, { maxAttempts: 1 });
  await classify(resumed, 'KmsOutcomeUnknown');
  expect(resumed.told[0]?.subject).not.toContain('at the last attempt');
});

test('what somebody else has changed freezes the key of its owner', async () => {
  const kit = kitOf(rotating);
  expect(await classify(kit, 'ObservedMismatch')).toMatchObject({ errorClass: 'security-critical', response: 'ask' });
  expect(kit.freezes.get('orders')).toEqual({ by: SECOND, at: SETTLED, reason: 'ObservedMismatch in Create Key Version: as it was said' });
  expect(told(kit)).toEqual(['FailureRecorded', 'freeze', 'queue', 'tell', 'forget']);
});

test.each(['ObservedMismatch', 'QuotaExceeded'])('%s of an execution that does not own the key stops nothing', async (error) => {
  const kit = kitOf(bootstrapped);
  expect(await classify(kit, error)).toMatchObject({ response: 'settle-and-abort' });
  expect(kit.freezes.size).toBe(0);
  expect(kit.orders.quarantine).toBeNull();
});

test('an owner that failed for good is asked about', async () => {
  const kit = kitOf(rotating);
  expect(await classify(kit, 'QuotaExceeded')).toEqual({ errorClass: 'non-recoverable', response: 'settle-and-ask', question: QUESTION });
  expect(kit.orders.quarantine).not.toBeNull();
  expect(kit.freezes.size).toBe(0);
});

test('what settled often enough gives up', async () => {
  const kit = kitOf(rotating);
  expect(await classify(kit, 'KmsOutcomeUnknown', { settlements: 2 })).toMatchObject({ response: 'settle-and-resume' });
  expect(await classify(kit, 'KmsOutcomeUnknown', { settlements: 3 })).toMatchObject({ response: 'settle-and-abort' });
});

test.each([['RotationSuperseded', 0], ['StaleOwner', 1]])('%s is told of %i times', async (error, count) => {
  const kit = kitOf(bootstrapped);
  expect(await classify(kit, error)).toMatchObject({ response: 'superseded' });
  expect(kit.told).toHaveLength(count);
});

test.each(['KeyFrozen', 'LedgerMismatch'] as const)('a key that takes no line (%s) is told of all the same', async (name) => {
  const kit = kitOf(rotating).fails('registry.transact', name);
  expect(await classify(kit, 'ObservedMismatch')).toMatchObject({ response: 'ask' });
  expect(told(kit)).toEqual(['freeze', 'queue', 'tell', 'forget']);
});

test('a key that is unknown is told of without its owner, and asked about for a week', async () => {
  const kit = kitOf(rotating, { approvalTimeoutSeconds: 86_400 });
  kit.livings.clear();
  expect(await classify(kit, 'KeyNotRegistered')).toEqual({ errorClass: 'non-recoverable', response: 'settle-and-abort', question: QUESTION });
  expect(kit.told[0]?.attributes['owner']).toBe('unknown');
});

test('any other failure of the registry is one of this task', async () => {
  await expect(classify(kitOf(rotating).fails('registry.transact', 'RegistryBusy'), 'Throttled')).rejects.toEqual(refusal('RegistryBusy'));
  const bug = kitOf(rotating).always('registry.transact', () => {
    throw Object.assign(new Error('bug'), { name: 'KeyFrozen' });
  });
  await expect(classify(bug, 'Throttled')).rejects.toThrow('bug');
});

test('a topic that is away keeps nothing from going on: the alert waits', async () => {
  const kit = kitOf(rotating).fails('alerts.publish');
  expect(await classify(kit, 'Throttled')).toMatchObject({ errorClass: 'retry' });
  expect(kit.lost).toEqual([refusal('Throttled', 'alerts.publish failed')]);
  expect([...kit.queued.keys()]).toHaveLength(1);
  expect(told(kit)).toEqual(['FailureRecorded', 'queue']);
  const forgetful = kitOf(rotating).fails('registry.forgetAlert');
  await classify(forgetful, 'Throttled');
  expect(forgetful.told).toHaveLength(1);
  expect(forgetful.lost).toEqual([refusal('Throttled', 'registry.forgetAlert failed')]);
});

test('the same failure is one alert', async () => {
  const kit = kitOf(rotating);
  await classify(kit, 'Throttled');
  await classify(kit, 'Throttled');
  expect(new Set(kit.told.map(({ id }) => id)).size).toBe(1);
  expect(kit.effects.filter((effect) => effect === 'FailureRecorded')).toHaveLength(1);
});

test.each([
  ['{"errorMessage":"as it was said","trace":[]}', 'as it was said'],
  ['{"errorMessage":7}', '{"errorMessage":7}'],
  ['{}', '{}'],
  ['null', 'null'],
  ['killed', 'killed'],
  ['', ''],
])('of the cause %j people read %j', (cause, message) => expect(messageOf(cause)).toBe(message));

test.each<PayloadCase>([
  ...FAILURE_PAYLOADS,
  [{ settlements: -1 }, false],
  [{ settlements: 0.5 }, false],
])('a payload with %j is understood: %s', (change, isOne) => expect(classifyFailureInput.safeParse({ ...input, ...change }).success).toBe(isOne));
