import { FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import type { Json } from '../../lambdas/domain/trace';
import { World } from '../../local/simulator/world';

type Payload = Readonly<Record<string, Json>>;

const run = { kind: 'rotation', window: '20260610T0000Z', number: 1 };
const rotation = { key: 'orders', run, rotationId: 'orders-20260610T0000Z-a1', enteredAt: '2026-06-10T00:00:00.000Z' };
const owned = { ...rotation, fence: 1, version: 2 };
const retirement = { ...owned, previous: 1 };
const repair = { key: 'orders', approval: '0123456789abcdef0123', repairId: 'repair-0123456789abcdef0123', enteredAt: '2026-06-10T00:00:00.000Z' };
const question = { purpose: 'revoke', askedAt: '2026-06-10T00:00:00.000Z', expiresAt: '2026-06-17T00:00:00.000Z' };

/** They get the event of a Function URL, or of CloudFormation. */
const OTHERS = ['acknowledge', 'request-rotation', 'operate', 'decide', 'register-keys'] as const;

/** A payload that each function understands. */
const GOOD: Readonly<Record<Exclude<FunctionName, (typeof OTHERS)[number]>, Payload>> = {
  'claim-rotation': { ...rotation, executionArn: 'arn:execution' },
  'create-key-version': owned,
  'prove-key-version': owned,
  'notify-dependent': { ...owned, dependent: 'orders-api', taskToken: 'token', retries: 0 },
  'promote-key-version': owned,
  'confirm-promotion': owned,
  'check-drain': retirement,
  'disable-previous-version': { ...retirement, question },
  'check-bake': retirement,
  'revoke-previous-version': { ...retirement, question },
  'release-rotation': { ...owned, previous: 0, pendingReason: '' },
  'classify-failure': { ...rotation, state: 'Claim Rotation', error: 'Throttled', cause: '', settlements: 0, executionArn: 'arn:execution' },
  'request-approval': { ...rotation, question, version: 2, previous: 1, executionArn: 'arn:execution', taskToken: 'token', retries: 0 },
  'read-approval': { ...rotation, question, previous: 1 },
  settle: rotation,
  'abort-safely': { ...rotation, state: 'Claim Rotation', error: 'Throttled', cause: '', untold: '', executionArn: 'arn:execution' },
  'begin-repair': repair,
  'apply-repair': { ...repair, fence: 1 },
  'confirm-repair': { ...repair, fence: 1 },
  reconcile: { scheduledTime: '2026-06-10T00:00:00Z' },
  'rescue-version': { action: 'cancel-deletions', key: 'orders', by: 'arn:person', at: '2026-06-10T00:00:00.000Z', reason: 'legal hold' },
  'start-due-rotations': { scheduledTime: '2026-06-10T00:00:00Z' },
  'handle-ended-execution': {
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    detail: { executionArn: 'arn:execution', name: 'orders-20260610T0000Z-a1', status: 'TIMED_OUT', input: '{"key":"orders"}', stopDate: 1_781_049_600_000, error: null, cause: null },
  },
  'record-key-deletion': { time: '2026-06-10T00:00:00Z', detail: { 'key-id': 'k' } },
};
const TABLE = Object.entries(GOOD) as [FunctionName, Payload][];

/** Who may have been asked about a retirement step that nobody had to be asked about. */
const isNullable = (name: FunctionName, field: string): boolean => field === 'question' && (name === 'disable-previous-version' || name === 'revoke-previous-version');

/** What makes a good payload one that is not understood: each field missing or of another type, and one field too many. */
function spoiled(name: FunctionName, good: Payload): readonly Json[] {
  const perField = Object.keys(good).flatMap((field): Json[] => {
    const { [field]: value, ...rest } = good;
    return [rest, ...(isNullable(name, field) ? [] : [{ ...good, [field]: null }]), { ...good, [field]: typeof value === 'number' ? String(value) : 7 }];
  });
  const numbers = Object.keys(good)
    .filter((field) => typeof good[field] === 'number')
    .flatMap((field) => [{ ...good, [field]: -1 }, { ...good, [field]: 1.5 }]);
  // EventBridge adds fields to its events whenever it likes.
  const more = name === 'record-key-deletion' || name === 'handle-ended-execution' ? [] : [{ ...good, more: 1 }];
  return [null, 'text', [], {}, ...perField, ...numbers, ...more];
}

test('the table has every function that takes a JSON payload', () => {
  expect([...Object.keys(GOOD), ...OTHERS].sort()).toEqual(Object.keys(FUNCTIONS).sort());
});

test.each(TABLE)('%s understands its payload', async (name, good) => {
  const world = new World();
  const result = await world.invoke(name, good);
  expect(result.ok ? 'ok' : result.error).not.toBe('InvalidTaskInput');
  expect(world.calls).not.toEqual([]);
});

test.each(TABLE)('%s refuses every other payload before any call', async (name, good) => {
  const world = new World();
  for (const payload of spoiled(name, good)) {
    expect({ payload, result: await world.invoke(name, payload) }).toMatchObject({ payload, result: { ok: false, error: 'InvalidTaskInput' } });
  }
  expect(world.calls).toEqual([]);
});

const WRONG: readonly Payload[] = [{ run: { ...run, window: '2026-06-10' } }, { run: { ...run, kind: 'repair' } }, { run: { ...run, number: 0 } }, { run: { ...run, more: 1 } }, { key: '../orders' }, { enteredAt: '2026-06-10T00:00:00' }, { rotationId: 'x'.repeat(81) }];
test.each(TABLE.filter(([, good]) => 'rotationId' in good))('%s refuses a rotation that cannot be one before any call', async (name, good) => {
  const world = new World();
  for (const change of WRONG) expect(await world.invoke(name, { ...good, ...change })).toMatchObject({ ok: false, error: 'InvalidTaskInput' });
  expect(world.calls).toEqual([]);
});
