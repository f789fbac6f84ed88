import { plusSeconds } from '../../lambdas/domain/instant';
import { executionEvent, handleEndedExecution } from '../../lambdas/tasks/handle-ended-execution';
import { endangered } from '../domain/runs';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, LATE, note, refusal, SECOND, SETTLED } from './lives';

const event = (change = {}) => ({
  'detail-type': 'Step Functions Execution Status Change', source: 'aws.states',
  detail: { executionArn: `arn:${SECOND}`, name: SECOND, status: 'ABORTED', input: '{"key":"orders","window":"20260630T0000Z","attempt":1}', stopDate: Date.parse(SETTLED), error: 'Stopped', cause: 'by hand', ...change },
}) as const;
const handle = (kit: Kit, change = {}) => handleEndedExecution(kit)(event(change));
const idOf = (outcome: string) => `${SECOND}/ended/${SETTLED}/${outcome}`;
const ID = idOf('quarantined');
const REASON = `${SECOND} ended ABORTED with Stopped and did not give the key back`;
const toldOf = (outcome: string) => [`queue ${idOf(outcome)}`, `tell ${idOf(outcome)}`, `forget ${idOf(outcome)}`];
const WORDS = {
  quarantined: 'The key is quarantined. Once that is lifted, the next run takes the lease over and goes on.',
  frozen: 'The key is frozen and stays so until it is repaired. Then the next run takes the lease over and goes on.',
  emergency: 'The approved emergency takes the lease over as soon as nothing of the ended execution can be under way.',
};

test('quarantines the key of the owner that ended, and tells what to do', async () => {
  const kit = kitOf(draining);
  expect(await handle(kit)).toEqual({ outcome: 'quarantined' });
  expect(kit.effects).toEqual([`queue ${ID}`, 'KeyQuarantined', ...toldOf('quarantined')]);
  expect(kit.orders).toMatchObject({ quarantine: { by: 'handle-ended-execution', at: SETTLED, reason: REASON }, endedOwner: { rotationId: SECOND, at: SETTLED }, lease: { rotationId: SECOND } });
  expect(kit.told).toEqual([
    {
      id: ID, key: 'orders', subject: 'keyturn: orders: an execution ended ABORTED with Stopped and still holds the key',
      attributes: { alertId: ID, key: 'orders', owner: 'team-orders', stage: 'handle-ended-execution', severity: 'page', rotation: SECOND },
      message: [
        'an execution ended ABORTED with Stopped and still holds the key', '', 'Key:        orders, owner team-orders', 'Stage:      handle-ended-execution', `Rotation:   ${SECOND}`, `Execution:  arn:${SECOND}`,
        `            https://console.aws.amazon.com/states/home?region=#/v2/executions/details/arn:${SECOND}`, `Reason:     ${REASON}. by hand`, '',
        'Is encryption impacted?           No: whatever was under way is either finished or withdrawn before anything else starts.',
        'Is decryption still valid?        Yes. Nothing is disabled or revoked before the lease has been taken over.',
        'Must a customer act?              No.',
        'Is manual intervention safe?      Yes, with the commands below. Never delete the lease, never move the alias by hand.',
        `What happens next?                ${WORDS.quarantined}`, '', 'Type:', '  keyturn status orders', '  keyturn history orders', '  keyturn lift orders --reason …', 'Runbook: docs/operations.md#execution-ended-from-outside',
      ].join('\n'),
    },
  ]);
});

test('an end without error and cause says neither', async () => {
  for (const none of [null, undefined]) {
    const kit = kitOf(draining);
    await handle(kit, { status: 'TIMED_OUT', error: none, cause: none });
    expect(kit.told[0]?.message).toContain(`Reason:     ${SECOND} ended TIMED_OUT and did not give the key back.\n`);
  }
});

test.each<[string, object]>([
  ['no input', { input: null }], ['an input that is no JSON', { input: '{' }], ['an input without a key', { input: '{}' }], ['an input with an empty key', { input: '{"key":""}' }], ['another input', { input: '7' }], ['no input at all', { input: undefined }],
  ['a key that is unknown', { input: '{"key":"gone"}' }], ['another name than that of the owner', { name: 'another' }],
])('an execution with %s is not ours', async (_, change) => {
  const kit = kitOf(draining);
  expect(await handle(kit, change)).toEqual({ outcome: 'not-ours' });
  expect(kit.effects).toEqual([]);
});

test('an execution that gave the key back is not ours', async () => expect(await handle(kitOf(bootstrapped))).toEqual({ outcome: 'not-ours' }));

test('a frozen key stays frozen, and the end is told of', async () => {
  const kit = kitOf(draining);
  kit.freezes.set('orders', note);
  expect(await handle(kit)).toEqual({ outcome: 'frozen' });
  expect(kit.effects).toEqual([`queue ${idOf('frozen')}`, 'OwnerEnded', ...toldOf('frozen')]);
  expect(kit.orders.quarantine).toBeNull();
  expect(kit.told[0]?.message).toContain(WORDS.frozen);
  expect(kit.told[0]?.message).toContain('  keyturn history orders\n  keyturn repair orders --help\n');
  expect(kit.told[0]?.attributes['severity']).toBe('page');
  kit.effects.length = 0;
  expect(await handle(kit)).toEqual({ outcome: 'looked-at' });
  expect(kit.effects).toEqual([]);
});

test('a broken ledger takes no note of it, and people are told all the same', async () => {
  const kit = kitOf(draining).fails('registry.transactFrozen', 'LedgerMismatch');
  kit.freezes.set('orders', note);
  expect(await handle(kit)).toEqual({ outcome: 'frozen' });
  expect(kit.effects).toEqual([`queue ${idOf('frozen')}`, ...toldOf('frozen')]);
  const busy = kitOf(draining).fails('registry.transactFrozen', 'RegistryBusy');
  busy.freezes.set('orders', note);
  await expect(handle(busy)).rejects.toEqual(refusal('RegistryBusy'));
  expect([...busy.queued.keys()]).toEqual([idOf('frozen')]);
  busy.always('registry.transactFrozen', () => {
    throw Object.assign(new Error('bug'), { name: 'LedgerMismatch' });
  });
  await expect(handle(busy)).rejects.toThrow('bug');
});

test('a key that an approved emergency takes over is left to it', async () => {
  const kit = kitOf(draining).edit({ emergency: endangered().key.emergency });
  expect(await handle(kit)).toEqual({ outcome: 'left-to-emergency' });
  expect(kit.effects).toEqual([`queue ${idOf('left-to-emergency')}`, ...toldOf('left-to-emergency')]);
  expect(kit.told[0]?.message).toContain(WORDS.emergency);
  expect(kit.told[0]?.message).toContain('  keyturn history orders\nRunbook');
  expect(kit.told[0]?.attributes['severity']).toBe('note');
});

test('what came in meanwhile is told as it is, after what was written down', async () => {
  const kit = kitOf(draining).meanwhile('registry.transact', () => ({ emergency: endangered().key.emergency }));
  expect(await handle(kit)).toEqual({ outcome: 'left-to-emergency' });
  expect(kit.told.map(({ id }) => id)).toEqual([ID, idOf('left-to-emergency')]);
  expect(kit.told[1]?.message).toContain(WORDS.emergency);
  const frozen = kitOf(draining).once('registry.transact', async (next) => {
    frozen.freezes.set('orders', note);
    return next();
  });
  expect(await handle(frozen)).toEqual({ outcome: 'frozen' });
  expect(frozen.told.map(({ id }) => id)).toEqual([ID, idOf('frozen')]);
  expect(frozen.told[1]?.message).toContain(WORDS.frozen);
  const busy = kitOf(draining).fails('registry.transact', 'RegistryBusy');
  await expect(handle(busy)).rejects.toEqual(refusal('RegistryBusy'));
  expect([...busy.queued.keys()]).toEqual([ID]);
  busy.always('registry.transact', () => {
    throw Object.assign(new Error('bug'), { name: 'KeyFrozen' });
  });
  await expect(handle(busy)).rejects.toThrow('bug');
});

test('an end that somebody has looked at is told of no more', async () => {
  const seen = kitOf(draining).edit({ endedOwner: { rotationId: SECOND, at: SETTLED } });
  expect(await handle(seen)).toEqual({ outcome: 'looked-at' });
  expect(seen.effects).toEqual([]);
});

test('what was written down is told, also when another run owns the key by then', async () => {
  const taken = kitOf(draining).meanwhile('registry.transact', ({ lease }) => ({ lease: { ...lease!, rotationId: 'another' }, quarantine: note }));
  expect(await handle(taken)).toEqual({ outcome: 'looked-at' });
  expect(taken.told[0]?.message).toContain(WORDS.quarantined);
  for (const call of ['registry.transact', 'registry.transactFrozen']) {
    const free = kitOf(draining).meanwhile(call, () => ({ lease: null }));
    if (call === 'registry.transactFrozen') free.freezes.set('orders', note);
    expect(await handle(free)).toEqual({ outcome: 'looked-at' });
  }
  const frozen = kitOf(draining).meanwhile('registry.transactFrozen', ({ lease }) => ({ lease: { ...lease!, rotationId: 'another' } }));
  frozen.freezes.set('orders', note);
  expect(await handle(frozen)).toEqual({ outcome: 'looked-at' });
  expect(frozen.told[0]?.message).toContain(WORDS.frozen);
});

test('a quarantine that stands keeps its reason, and the end is told of', async () => {
  const kit = kitOf(draining).edit({ quarantine: note });
  expect(await handle(kit)).toEqual({ outcome: 'quarantined' });
  expect(kit.orders.quarantine).toEqual(note);
  expect(kit.told[0]?.message).toContain(WORDS.quarantined);
});

test.each([
  ['revoke', 'Its intent to revoke v1 is open: the call may still take effect, and v1 is scheduled for deletion then, unless the key is held. The other versions stay as they are.'],
  ['disable', 'Its intent to disable v1 is open: the call may still take effect, and v1 is disabled then. The other versions stay as they are.'],
] as const)('an open intent to %s is named, with the hold', async (kind, words) => {
  const kit = kitOf(draining).edit({ intent: { kind, version: 1, at: LATE } });
  await handle(kit);
  expect(kit.told[0]?.message).toContain(`Is decryption still valid?        As before, so far. ${words}\n`);
  expect(kit.told[0]?.message).toContain('  keyturn history orders\n  keyturn hold orders --reason …     # cancels a deletion\n  keyturn lift orders --reason …\n');
});

test('any other intent is not', async () => {
  const kit = kitOf(draining).edit({ intent: { kind: 'create', version: 3, at: LATE } });
  await handle(kit);
  expect(kit.told[0]?.message).toContain('Is decryption still valid?        Yes. Nothing is disabled');
  expect(kit.told[0]?.message).not.toContain('keyturn hold');
});

test('the time of the end is that of Step Functions', async () => {
  const kit = kitOf(draining);
  await handle(kit, { stopDate: Date.parse(plusSeconds(SETTLED, 7)) });
  expect(kit.orders.quarantine?.at).toBe(plusSeconds(SETTLED, 7));
});

test.each<[object, boolean]>([
  [event(), true], [event({ status: 'FAILED' }), true], [event({ status: 'TIMED_OUT' }), true], [event({ status: 'SUCCEEDED' }), false], [event({ name: '' }), false], [event({ name: 'x'.repeat(80) }), true], [event({ name: 'x'.repeat(81) }), false], [event({ executionArn: '' }), false], [event({ stopDate: 'now' }), false], [event({ input: 7 }), false], [event({ error: 7 }), false], [event({ cause: 7 }), false],
  [{ ...event(), source: 'aws.kms' }, false], [{ ...event(), 'detail-type': 'other' }, false], [{ ...event(), more: 1 }, true],
])('%j is understood: %s', (payload, isOne) => expect(executionEvent.safeParse(payload).success).toBe(isOne));
