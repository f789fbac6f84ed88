import { FORGOTTEN_AFTER_SECONDS, OVERDUE_GRACE_SECONDS, RETIREMENT_PENDING_SECONDS, STABILISATION_SECONDS } from '../../lambdas/contract/timing';
import { durationText } from '../../lambdas/domain/duration';
import { plusSeconds } from '../../lambdas/domain/instant';
import { versionAlias, type ManagedKey } from '../../lambdas/domain/managed-key';
import { needsPerson } from '../../lambdas/domain/needs-person';
import { nextRun, startable } from '../../lambdas/domain/next-run';
import { refuseAbortRequested } from '../../lambdas/domain/operations';
import { register } from '../../lambdas/domain/registration';
import { describeRepair, type Repair } from '../../lambdas/domain/repair';
import { rotateNow } from '../../lambdas/domain/rotate-now';
import { AT, attempt, bootstrapped, claimed, error, NEXT_AT, NEXT_WINDOW, registered, WINDOW } from './living-key';
import { leftPending, runOf } from './runs';

const note = { by: 'alice', at: AT, reason: 'audit' };
const A1 = 'orders-20260401T0000Z-a1';

test.each([[30 * 86_400, '30d'], [90 * 60, '90m'], [7200, '2h'], [45, '45s'], [86_401, '86401s'], [0, '0d']])('%i seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('one version stays reachable by a name of its own', () => expect(versionAlias('alias/orders', 3)).toBe('alias/orders/v3'));

test.each<[Repair, string]>([
  [{ kind: 'compare' }, 'compare registry and KMS, change nothing, and end the freeze if they agree'],
  [{ kind: 'repoint-alias' }, 'point the alias to the ACTIVE version again'],
  [{ kind: 'enable', version: 2 }, 'enable the KMS key of v2'],
  [{ kind: 'cancel-deletion', version: 2 }, 'cancel the deletion of the KMS key of v2'],
  [{ kind: 'accept-key', keyArn: 'arn:k' }, 'accept arn:k, which keyturn did not make, as the ACTIVE version'],
  [{ kind: 'rebaseline-ledger' }, 'start the ledger anew from the registry as it stands'],
])('the repair %j is said in words', (repair, words) => expect(describeRepair(repair)).toBe(words));

test("an owner's next step is refused with who asked for the abort, and nobody else's is", () => {
  const key: ManagedKey = { ...claimed().key, abortRequest: { ...note, rotationId: A1 } };
  expect(() => refuseAbortRequested(key, A1)).toThrow(error({ name: 'AbortRequested', message: `orders: alice asked ${A1} to abort at ${AT}: audit` }));
  expect(() => refuseAbortRequested(key, 'another')).not.toThrow();
  expect(() => refuseAbortRequested(claimed().key, A1)).not.toThrow();
});

describe('what needs a person', () => {
  test('is nothing of a key that is as it should be, held or paused', () => {
    expect(needsPerson({ ...bootstrapped().key, hold: note, pause: { ...note, until: NEXT_AT } }, null, [], AT)).toEqual([]);
  });

  test('is said in one line each', () => {
    const { key } = leftPending({ startSpreadSeconds: 0 });
    const at = plusSeconds(NEXT_AT, 2 * RETIREMENT_PENDING_SECONDS + 90 * 86_400);
    const open = { id: 'a1', key: 'orders', purpose: 'revoke', question: '?', rev: key.rev, requestedBy: 'b', requestedAt: AT, expiresAt: plusSeconds(at, 1), approversNeeded: 1, rotationId: null, version: 1, errorClass: null, facts: {}, votes: [], outcome: null } as const;
    expect(needsPerson({ ...key, quarantine: note }, { ...note, reason: 'moved' }, [open, { ...open, id: 'a2', expiresAt: at }], at)).toEqual([
      `frozen since ${AT} by alice: moved`,
      `quarantined since ${AT} by alice: audit`,
      `approval a1 (revoke) waits for an answer until ${plusSeconds(at, 1)}`,
      expect.stringMatching(/^overdue since 2026-/),
      'the retirement of v1 has been pending for very long',
    ]);
    expect(OVERDUE_GRACE_SECONDS).toBeLessThan(RETIREMENT_PENDING_SECONDS);
  });
});

describe('what the starter may start', () => {
  const START = { startSpreadSeconds: 0 };
  test('is nothing of a frozen key', () => {
    expect(startable({ key: bootstrapped(START).key, freeze: { ...note, reason: 'moved' } }, NEXT_AT)).toEqual({ kind: 'wait', reason: 'frozen: moved' });
    expect(startable({ key: bootstrapped(START).key, freeze: null }, NEXT_AT)).toEqual({ kind: 'start', run: attempt(1, NEXT_WINDOW) });
  });

  test.each<[string, Partial<ManagedKey>, string]>([
    ['a hold', { hold: note }, 'held by alice: audit'],
    ['a window that is completed', { completedWindow: NEXT_WINDOW }, `window ${NEXT_WINDOW} is completed`],
    ['a window before one that is completed', { completedWindow: '20260928T0000Z' }, 'window 20260928T0000Z is completed'],
  ])('is nothing after %s', (_, change, reason) => {
    expect(nextRun({ ...bootstrapped(START).key, ...change }, NEXT_AT)).toEqual({ kind: 'wait', reason });
  });

  test('is the first attempt of a window that no other has begun', () => {
    expect(nextRun({ ...bootstrapped(START).key, completedWindow: null, window: null }, NEXT_AT)).toEqual({ kind: 'start', run: attempt(1, NEXT_WINDOW) });
    expect(nextRun({ ...bootstrapped(START).key, window: { id: WINDOW, attempt: 3 } }, NEXT_AT)).toEqual({ kind: 'start', run: attempt(1, NEXT_WINDOW) });
  });

  test('is a retirement under the window that was completed last, or the current one', () => {
    const { key } = leftPending(START);
    const at = plusSeconds(NEXT_AT, 5 * 86_400);
    expect(nextRun(key, at)).toEqual({ kind: 'start', run: runOf('retirement') });
    expect(nextRun({ ...key, retirementDueAt: null }, at).kind).toBe('wait');
    const held: ManagedKey = { ...key, rotationDueAt: plusSeconds(at, 400 * 86_400) };
    expect(nextRun(held, plusSeconds(at, 180 * 86_400))).toEqual({ kind: 'start', run: runOf('retirement') });
    expect(nextRun({ ...held, completedWindow: null }, plusSeconds(at, 180 * 86_400))).toMatchObject({ run: { kind: 'retirement', window: '20261227T0000Z' } });
    const two: ManagedKey = { ...key, retirementPending: [1, 7], versions: { ...key.versions, v7: { ...key.versions['v1']!, number: 7 } } };
    expect(nextRun(two, NEXT_AT)).toMatchObject({ reason: expect.stringContaining('the retirement of v1, v7 is tried again') });
  });
});

describe('a rotation that a person starts now', () => {
  const { key } = bootstrapped();
  const failed = { rotationId: 'orders-20260630T0000Z-a1', state: 's', error: 'e', errorClass: 'recoverable', at: NEXT_AT } as const;
  const begun: Partial<ManagedKey> = { window: { id: NEXT_WINDOW, attempt: 2 }, lastFailure: failed };
  const stableAt = plusSeconds(NEXT_AT, STABILISATION_SECONDS);
  const owned: Partial<ManagedKey> = { lease: claimed().key.lease };
  const dead = { rotationId: A1, closedAt: plusSeconds(NEXT_AT, -FORGOTTEN_AFTER_SECONDS) };

  test.each<[string, Partial<ManagedKey>, string, Parameters<typeof rotateNow>[2], object]>([
    ['is the current window', {}, NEXT_AT, undefined, { kind: 'start', run: attempt(1, NEXT_WINDOW) }],
    ['is the next attempt of it', begun, stableAt, undefined, { kind: 'start', run: attempt(2, NEXT_WINDOW) }],
    ['does not wait for a failure of another window', { ...begun, window: { id: WINDOW, attempt: 1 } }, NEXT_AT, undefined, { kind: 'start', run: attempt(1, NEXT_WINDOW) }],
    ['does not wait when nothing failed', { window: begun.window!, lastFailure: null }, NEXT_AT, undefined, { kind: 'start', run: attempt(2, NEXT_WINDOW) }],
    ['does not wait for a failure without a window', { ...begun, window: null }, NEXT_AT, undefined, { kind: 'start', run: attempt(1, NEXT_WINDOW) }],
    ['is the first of a key that has completed none', { completedWindow: null }, NEXT_AT, undefined, { kind: 'start', run: attempt(1, NEXT_WINDOW) }],
    ['is not what failed a moment ago', begun, plusSeconds(stableAt, -1), undefined, { kind: 'wait', reason: `orders-20260630T0000Z-a1 failed at ${NEXT_AT}; it is tried again from ${stableAt} on` }],
    ['waits for who owns the key', owned, NEXT_AT, undefined, { kind: 'wait', reason: `${A1} is under way` }],
    ['waits for an owner that runs', owned, NEXT_AT, { rotationId: A1, closedAt: null }, { kind: 'wait', reason: `${A1} is under way` }],
    ['waits when it is another one that has ended', owned, NEXT_AT, { ...dead, rotationId: 'x' }, { kind: 'wait', reason: `${A1} is under way` }],
    ['does not wait for an owner that has ended', owned, NEXT_AT, dead, { kind: 'start', run: attempt(1, NEXT_WINDOW) }],
    ['is not a window that was rotated', {}, AT, undefined, { kind: 'wait', reason: `window ${WINDOW} is completed, and a window is rotated once; the next begins at 2026-06-30T00:00:00.000Z. For a compromised key use --emergency` }],
    ['is refused while the key is held', { hold: note }, NEXT_AT, undefined, { kind: 'wait', reason: 'held by alice: audit' }],
    ['is refused as any other start', { quarantine: note }, NEXT_AT, undefined, { kind: 'wait', reason: `quarantined since ${AT} by alice: audit` }],
  ])('%s', (_, change, at, holder, expected) => expect(rotateNow({ ...key, ...change }, at, holder)).toEqual(expected));
});

describe('the policy of an adopted key', () => {
  const registration = { registryId: 'r', at: AT, by: 'deploy' };
  const adopt = 'arn:aws:kms:eu-central-1:111122223333:key/k1';
  const decided = register(undefined, { ...registered().key.policy, adopt }, { ...registration, adopted: { keyId: 'k1', keyArn: adopt } });
  const adopted = decided.kind === 'write' ? decided.next : registered().key;
  const moved = { ...adopted.policy, adopt: `${adopt}2` };

  test('keeps the key that it names until that was rotated once', () => {
    expect(adopted.versions['v1']).toMatchObject({ rotationId: 'adopted', window: 'adopted', retirement: 'keep' });
    expect(() => register(adopted, moved, registration)).toThrow(error({ name: 'RotationNotAllowed', message: `keys.orders.adopt: keyturn's permissions on the adopted key come from this field; it stays ${adopt} until the key was rotated once.` }));
    expect(register(adopted, { ...adopted.policy, owner: 'others' }, registration).kind).toBe('write');
  });

  test('is free once it was, and for a key that was not adopted', () => {
    const rotated: ManagedKey = { ...adopted, versions: { v1: { ...adopted.versions['v1']!, status: 'DEPRECATED' } } };
    expect(register(rotated, moved, registration).kind).toBe('write');
    expect(register(bootstrapped().key, { ...bootstrapped().key.policy, adopt }, registration).kind).toBe('write');
  });
});
