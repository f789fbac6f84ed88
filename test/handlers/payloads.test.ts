import { FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import type { Json } from '../../lambdas/domain/trace';
import { World } from '../../local/simulator/world';

type Payload = Readonly<Record<string, Json>>;

const rotation = { key: 'orders', window: '20260610T0000Z', attempt: 1, rotationId: 'orders-20260610T0000Z-a1', enteredAt: '2026-06-10T00:00:00.000Z' };
const owned = { ...rotation, fence: 1, version: 2 };
const retirement = { ...owned, previous: 1 };

/** A payload that each function understands. */
const GOOD: Readonly<Record<Exclude<FunctionName, 'acknowledge' | 'register-keys'>, Payload>> = {
  'claim-rotation': { ...rotation, executionArn: 'arn:execution' },
  'create-key-version': owned,
  'prove-key-version': owned,
  'notify-dependent': { ...owned, dependent: 'orders-api', taskToken: 'token' },
  'promote-key-version': owned,
  'confirm-promotion': owned,
  'check-drain': retirement,
  'disable-previous-version': retirement,
  'check-bake': retirement,
  'revoke-previous-version': retirement,
  'release-rotation': { ...owned, previous: 0, pendingReason: '' },
  'classify-failure': { ...rotation, state: 'Claim Rotation', error: 'Throttled', cause: '', settlements: 0, executionArn: 'arn:execution' },
  settle: rotation,
  'abort-safely': { ...rotation, error: 'Throttled' },
  'start-due-rotations': { scheduledTime: '2026-06-10T00:00:00Z' },
  'record-key-deletion': { time: '2026-06-10T00:00:00Z', detail: { 'key-id': 'k' } },
};
const TABLE = Object.entries(GOOD) as [FunctionName, Payload][];

/** What makes a good payload one that is not understood: each field missing or of another type, and one field too many. */
function spoiled(name: FunctionName, good: Payload): readonly Json[] {
  const perField = Object.keys(good).flatMap((field): Json[] => {
    const { [field]: value, ...rest } = good;
    return [rest, { ...good, [field]: null }, { ...good, [field]: typeof value === 'number' ? String(value) : 7 }];
  });
  const numbers = Object.keys(good)
    .filter((field) => typeof good[field] === 'number')
    .flatMap((field) => [{ ...good, [field]: -1 }, { ...good, [field]: 1.5 }]);
  // EventBridge adds fields to its events whenever it likes.
  const more = name === 'record-key-deletion' ? [] : [{ ...good, more: 1 }];
  return [null, 'text', [], {}, ...perField, ...numbers, ...more];
}

test('the table has every function that takes a JSON payload', () => {
  expect([...Object.keys(GOOD), 'acknowledge', 'register-keys'].sort()).toEqual(Object.keys(FUNCTIONS).sort());
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

const WRONG: readonly Payload[] = [{ window: '2026-06-10' }, { key: '../orders' }, { enteredAt: '2026-06-10T00:00:00' }, { rotationId: 'x'.repeat(81) }];
test.each(TABLE.filter(([, good]) => 'rotationId' in good))('%s refuses a rotation that cannot be one before any call', async (name, good) => {
  const world = new World();
  for (const change of WRONG) expect(await world.invoke(name, { ...good, ...change })).toMatchObject({ ok: false, error: 'InvalidTaskInput' });
  expect(world.calls).toEqual([]);
});
