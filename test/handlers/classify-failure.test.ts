import { SERVICE_ERRORS, TASK_ERRORS, type ErrorClass } from '../../lambdas/contract/errors';
import { classify } from '../../lambdas/domain/failure';
import { write } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import type { Json } from '../../lambdas/domain/trace';
import { World } from '../../local/simulator/world';
import { claimed } from '../domain/living-key';
import { edges } from '../statemachine/definition';

const STATES = [...new Set(edges.filter(({ to }) => to === 'Classify Failure').map(({ from }) => from))];
const ERRORS = [...Object.keys(TASK_ERRORS), ...Object.keys(SERVICE_ERRORS), 'TypeError'];
const AT = '2026-06-01T00:00:00.000Z';

/** What a failure leaves in the registry, whom it tells, and how the workflow goes on. */
interface Aftermath {
  readonly row: 'nothing' | 'quarantine' | 'freeze';
  readonly alert: 'page' | 'ticket' | 'note' | 'none';
  readonly response: string;
}

const OWNERS: Readonly<Record<ErrorClass, Aftermath>> = {
  retry: { row: 'nothing', alert: 'ticket', response: 'settle-and-abort' },
  'look-again': { row: 'nothing', alert: 'ticket', response: 'settle-and-abort' },
  recoverable: { row: 'nothing', alert: 'ticket', response: 'settle-and-abort' },
  uncertain: { row: 'nothing', alert: 'note', response: 'settle-and-resume' },
  'non-recoverable': { row: 'quarantine', alert: 'page', response: 'settle-and-ask' },
  'security-critical': { row: 'freeze', alert: 'page', response: 'ask' },
  superseded: { row: 'nothing', alert: 'none', response: 'superseded' },
};

/** Who does not own the key stops it for nobody. */
const STRANGERS: Readonly<Record<ErrorClass, Aftermath>> = {
  ...OWNERS,
  'non-recoverable': { row: 'nothing', alert: 'ticket', response: 'settle-and-abort' },
  'security-critical': { row: 'nothing', alert: 'ticket', response: 'settle-and-abort' },
};

/** A stale owner is the one superseded execution that somebody hears of. */
const expectedOf = (table: typeof OWNERS, errorClass: ErrorClass, error: string): Aftermath => ({ ...table[errorClass], ...(error === 'StaleOwner' ? { alert: 'ticket' } : {}) });

let world: World;
let count = 0;
beforeAll(() => {
  world = new World({ startMs: Date.parse(AT) });
});

/** A key that a rotation owns, with a name of its own. */
async function ownedKey(): Promise<ManagedKey> {
  const { key } = claimed();
  const owned = { ...key, name: `orders-${count++}` };
  await registry().register(owned.name, () => write(owned, { type: 'KeyRegistered', at: AT, by: 'a test' }));
  return owned;
}
const registry = () => world.composition('classify-failure').registry();

function fail(key: string, rotationId: string, state: string, error: string, settlements = 0) {
  const run = { kind: 'rotation', window: '20260401T0000Z', number: 1 };
  return world.invoke('classify-failure', { key, run, rotationId, enteredAt: AT, state, error, cause: JSON.stringify({ errorType: error, errorMessage: 'as it was said' }), settlements, executionArn: `arn:${rotationId}` });
}

/** What came of one failure. */
async function aftermathOf(state: string, error: string, isOwner: boolean): Promise<{ readonly aftermath: Aftermath; readonly alertedClass: string | undefined }> {
  const { name, lease } = await ownedKey();
  const result = await fail(name, isOwner ? (lease?.rotationId ?? '') : 'orders-20260401T0000Z-a9', state, error);
  if (!result.ok) throw new Error(`${error} in ${state}: ${result.error}: ${result.cause}`);
  const { response } = result.payload as { response: string };
  const reading = await registry().read(name);
  expect(reading?.key).toMatchObject({ lastFailure: { state, error }, lease: { rotationId: lease?.rotationId } });
  const rows = [...(reading?.freeze == null ? [] : ['freeze' as const]), ...(reading?.key.quarantine == null ? [] : ['quarantine' as const])];
  expect(rows.length).toBeLessThan(2);
  const alerts = world.trace.events().flatMap((event) => (event.type === 'sns.published' && event.attributes['key'] === name ? [event.attributes] : []));
  expect(alerts.length).toBeLessThan(2);
  return { aftermath: { row: rows[0] ?? 'nothing', alert: (alerts[0]?.['severity'] as Aftermath['alert'] | undefined) ?? 'none', response }, alertedClass: alerts[0]?.['class'] };
}

describe.each(STATES)('a failure of %s', (state) => {
  test('leaves what its class means in the registry, and tells whom it must', async () => {
    const classes = new Set(ERRORS.map((error) => classify(state, error)));
    expect(classes.size).toBe(Object.keys(OWNERS).length);
    for (const errorClass of classes) {
      // One of them for all: a different one in each state.
      const candidates = ERRORS.filter((error) => classify(state, error) === errorClass);
      const error = candidates[STATES.indexOf(state) % candidates.length] ?? '';
      for (const isOwner of [true, false]) {
        const aftermath = expectedOf(isOwner ? OWNERS : STRANGERS, errorClass, error);
        expect([error, isOwner, await aftermathOf(state, error, isOwner)]).toEqual([error, isOwner, { aftermath, alertedClass: aftermath.alert === 'none' ? undefined : errorClass }]);
      }
    }
  });
});

test.each(ERRORS)('%s leaves what its class means, whoever named it', async (error) => {
  const errorClass = classify('Claim Rotation', error);
  expect((await aftermathOf('Claim Rotation', error, true)).aftermath).toEqual(expectedOf(OWNERS, errorClass, error));
});

test('a proof that fails once the alias leads to the version freezes the key: it was proved before', async () => {
  expect(await aftermathOf('Prove Key Version', 'ProofFailed', true)).toMatchObject({ aftermath: { row: 'quarantine' }, alertedClass: 'non-recoverable' });
  expect(await aftermathOf('Confirm Promotion', 'ProofFailed', true)).toMatchObject({ aftermath: { row: 'freeze', response: 'ask' }, alertedClass: 'security-critical' });
});

test('a reading of before the promotion freezes the key once KMS has had its consistency time twice', async () => {
  expect(await aftermathOf('Promote Key Version', 'KmsNotConsistentYet', true)).toMatchObject({ aftermath: { response: 'settle-and-abort' }, alertedClass: 'retry' });
  expect(await aftermathOf('Confirm Promotion', 'KmsNotConsistentYet', true)).toMatchObject({ aftermath: { row: 'freeze', response: 'ask' }, alertedClass: 'security-critical' });
});

test('an uncertain outcome is settled and gone on with three times, then aborted with a ticket', async () => {
  const { name, lease } = await ownedKey();
  const responses: Json[] = [];
  for (let settlements = 0; settlements < 5; settlements++) {
    const result = await fail(name, lease?.rotationId ?? '', 'Promote Key Version', 'KmsOutcomeUnknown', settlements);
    responses.push(result.ok ? ((result.payload as { response: string }).response) : result.error);
  }
  expect(responses).toEqual(['settle-and-resume', 'settle-and-resume', 'settle-and-resume', 'settle-and-abort', 'settle-and-abort']);
  expect((await registry().read(name))?.key.quarantine).toBeNull();
});

test('a failure of a key that is frozen already, or is not registered, is told of and asked about all the same', async () => {
  const { name, lease } = await ownedKey();
  await registry().freeze(name, { by: 'reconcile', at: AT, reason: 'alias moved' });
  expect(await fail(name, lease?.rotationId ?? '', 'Check Drain', 'KeyFrozen')).toMatchObject({ ok: true, payload: { response: 'ask', errorClass: 'security-critical' } });
  expect((await registry().read(name))?.freeze).toMatchObject({ by: 'reconcile' });
  expect(await fail('nobody', 'nobody-20260401T0000Z-a1', 'Claim Rotation', 'KeyNotRegistered')).toMatchObject({ ok: true, payload: { response: 'settle-and-abort' } });
  const told = world.trace.events().flatMap((event) => (event.type === 'sns.published' && [name, 'nobody'].includes(event.attributes['key'] ?? '') ? [event.attributes['severity']] : []));
  expect(told).toEqual(['page', 'ticket']);
});
