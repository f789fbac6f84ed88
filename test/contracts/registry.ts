import { AwsError } from '../../local/kernel/aws-error';
import { LostAnswer } from '../../local/wire/message';
import type { Instant } from '../../lambdas/domain/instant';
import { adoptCreated, equip, recordProof } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import { abortRun, recordFailure } from '../../lambdas/domain/failure';
import { claim, settle, type Owner } from '../../lambdas/domain/lease';
import { firstBreak, write, type Decision } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { setHold } from '../../lambdas/domain/operations';
import { commitPromotion, intendPromote } from '../../lambdas/domain/promotion';
import { register } from '../../lambdas/domain/registration';
import type { Run } from '../../lambdas/domain/rotation-id';
import type { Registry } from '../../lambdas/ports/registry';
import { policyOf } from '../support/policies';

export interface RegistrySubject {
  readonly registry: Registry;
  readonly registryId: string;
  /** Decides what happens to the next transaction; `next` applies it. */
  failNextWrite(failure: (next: () => Promise<unknown>) => Promise<unknown>): void;
  /** Changes an attribute of a key's aggregate behind the registry's back. */
  changeItem(name: string, attribute: string, value: string): void;
  readAttribute(name: string, attribute: string): string | undefined;
}

const AT: Instant = '2026-04-01T01:00:00.000Z';
const WINDOW = '20260401T0000Z';
const RUN: Run = { kind: 'rotation', window: WINDOW, number: 1 };
const ROTATION = `orders-${WINDOW}-a1`;
const policy = policyOf();

const claimed = (key: ManagedKey) => claim(key, { rotationId: ROTATION, executionArn: 'arn:execution', run: RUN, at: AT });

/** What every implementation of the port `Registry` does. */
export function registryContract(name: string, makeSubject: () => RegistrySubject): void {
  describe(`${name} keeps the contract of a registry:`, () => {
    let subject: RegistrySubject;
    let registry: Registry;

    beforeEach(async () => {
      subject = makeSubject();
      registry = subject.registry;
      await registry.register('orders', (key) => register(key, policy, { registryId: subject.registryId, at: '2026-03-01T00:00:00.000Z', by: 'test' }));
    });

    async function owner(): Promise<Owner> {
      const { fence } = await registry.transact('orders', claimed);
      return { rotationId: ROTATION, fence };
    }

    test('reads what was registered, and nothing of what was not', async () => {
      expect((await registry.read('orders'))?.key).toMatchObject({ name: 'orders', seq: 1, fence: 0, lease: null, policy });
      expect(await registry.read('payments')).toBeUndefined();
    });

    test('refuses a transition of a key that is not registered', async () => {
      await expect(registry.transact('payments', claimed)).rejects.toMatchObject({ name: 'KeyNotRegistered' });
    });

    test('writes a transition and its ledger event together', async () => {
      const key = await registry.transact('orders', claimed);
      const ledger = await registry.ledger('orders');
      expect(key).toMatchObject({ seq: 2, fence: 1, head: ledger[1]?.hash, lease: { rotationId: ROTATION } });
      expect(ledger.map((event) => event.type)).toEqual(['KeyRegistered', 'RotationClaimed']);
      expect(firstBreak(ledger)).toBeUndefined();
    });

    test('writes nothing for a decision that finds its work done', async () => {
      await owner();
      await registry.transact('orders', claimed);
      expect(await registry.ledger('orders')).toHaveLength(2);
    });

    test('decides again when someone else wrote in between', async () => {
      let isFirst = true;
      const key = await registry.transact('orders', (current) => {
        if (isFirst) {
          isFirst = false;
          subject.failNextWrite(async (next) => {
            await registry.transact('orders', (other) =>
              write({ ...other, hold: { by: 'a person', at: AT, reason: 'audit' } }, { type: 'HoldSet', at: AT, by: 'a person' }),
            );
            return next();
          });
        }
        return claimed(current);
      });
      expect(key).toMatchObject({ hold: { reason: 'audit' }, lease: { rotationId: ROTATION }, seq: 3 });
      expect(firstBreak(await registry.ledger('orders'))).toBeUndefined();
    });

    test('gives up after the ledger moved too often, and writes nothing', async () => {
      const moving = (key: ManagedKey): ReturnType<typeof claimed> => {
        subject.failNextWrite(async () => {
          throw new AwsError('TransactionCanceledException', 'Transaction cancelled', 400, { CancellationReasons: [{ Code: 'TransactionConflict' }] });
        });
        return claimed(key);
      };
      await expect(registry.transact('orders', moving)).rejects.toMatchObject({ name: 'RegistryBusy' });
      expect(await registry.ledger('orders')).toHaveLength(1);
    });

    test('recognizes its own write when the answer was lost', async () => {
      subject.failNextWrite(async (next) => {
        await next();
        throw new LostAnswer();
      });
      const key = await registry.transact('orders', claimed);
      expect(key.fence).toBe(1);
      expect(await registry.ledger('orders')).toHaveLength(2);
    });

    test('writes once when the request was lost before it was applied', async () => {
      subject.failNextWrite(async () => {
        throw new LostAnswer();
      });
      expect((await registry.transact('orders', claimed)).fence).toBe(1);
      expect(await registry.ledger('orders')).toHaveLength(2);
    });

    test("refuses a stale owner's write and changes nothing", async () => {
      const stale = await owner();
      await registry.transact('orders', (key) => settle(key, ROTATION, AT));
      await expect(registry.transact('orders', (key) => intendCreate(key, stale, 1, AT))).rejects.toMatchObject({ name: 'StaleOwner' });
      expect((await registry.read('orders'))?.key.versions).toEqual({});
    });

    test('refuses a write that was decided before the token was raised', async () => {
      const stale = await owner();
      subject.failNextWrite(async (next) => {
        await registry.transact('orders', (key) => settle(key, ROTATION, AT));
        return next();
      });
      await expect(registry.transact('orders', (key) => intendCreate(key, stale, 1, AT))).rejects.toMatchObject({ name: 'StaleOwner' });
      expect((await registry.read('orders'))?.key.versions).toEqual({});
    });

    test('refuses every transition of a frozen key, also one that was decided before', async () => {
      subject.failNextWrite(async (next) => {
        await registry.freeze('orders', { by: 'reconcile', at: AT, reason: 'alias moved' });
        return next();
      });
      await expect(registry.transact('orders', claimed)).rejects.toMatchObject({ name: 'KeyFrozen' });
      expect((await registry.read('orders'))?.freeze?.reason).toBe('alias moved');
      expect(await registry.ledger('orders')).toHaveLength(1);
    });

    test('keeps the first freeze', async () => {
      await registry.freeze('orders', { by: 'first', at: AT, reason: 'one' });
      await registry.freeze('orders', { by: 'second', at: AT, reason: 'two' });
      expect((await registry.read('orders'))?.freeze).toMatchObject({ by: 'first', reason: 'one' });
    });

    describe('a repair of a frozen key', () => {
      const frozen = { by: 'reconcile', at: AT, reason: 'alias moved' };
      const held = (key: ManagedKey) => setHold(key, { by: 'a person', at: AT, reason: 'audit' });
      const lifted = (key: ManagedKey) => write(key, { type: 'FreezeLifted', at: AT, by: 'repair' });
      const done = (): Decision => ({ kind: 'done' });

      test('writes while the freeze stands, and only then', async () => {
        await expect(registry.transactFrozen('orders', held)).rejects.toMatchObject({ name: 'RotationNotAllowed' });
        await registry.freeze('orders', frozen);
        expect(await registry.transactFrozen('orders', held)).toMatchObject({ hold: { reason: 'audit' }, seq: 2 });
        await expect(registry.transact('orders', claimed)).rejects.toMatchObject({ name: 'KeyFrozen' });
        expect(firstBreak(await registry.ledger('orders'))).toBeUndefined();
      });

      test('finds its work done without a write, and a transition that finds it done is refused all the same', async () => {
        await registry.freeze('orders', frozen);
        expect(await registry.transactFrozen('orders', done)).toMatchObject({ seq: 1 });
        await expect(registry.transact('orders', done)).rejects.toMatchObject({ name: 'KeyFrozen' });
      });

      test('writes nothing when the freeze is lifted in between', async () => {
        await registry.freeze('orders', frozen);
        subject.failNextWrite(async (next) => {
          await registry.liftFreeze('orders', lifted);
          return next();
        });
        await expect(registry.transactFrozen('orders', held)).rejects.toMatchObject({ name: 'RotationNotAllowed' });
        expect((await registry.read('orders'))?.key.hold).toBeNull();
      });

      test('ends the freeze together with its ledger event; the key is changed again from then on', async () => {
        await registry.freeze('orders', frozen);
        await registry.liftFreeze('orders', lifted);
        expect(await registry.read('orders')).toMatchObject({ freeze: null, key: { seq: 2 } });
        expect((await registry.ledger('orders')).map(({ type }) => type)).toEqual(['KeyRegistered', 'FreezeLifted']);
        expect(await registry.transact('orders', claimed)).toMatchObject({ lease: { rotationId: ROTATION } });
      });

      test('whose answer was lost is made once', async () => {
        await registry.freeze('orders', frozen);
        subject.failNextWrite(async (next) => {
          await next();
          throw new LostAnswer();
        });
        await registry.liftFreeze('orders', lifted);
        expect((await registry.read('orders'))?.freeze).toBeNull();
        expect(await registry.ledger('orders')).toHaveLength(2);
      });

      test('lifts no freeze that does not stand', async () => {
        await expect(registry.liftFreeze('orders', lifted)).rejects.toMatchObject({ name: 'RotationNotAllowed' });
        expect(await registry.ledger('orders')).toHaveLength(1);
        expect(await registry.liftFreeze('orders', done)).toMatchObject({ seq: 1 });
      });

      test('does not keep the next freeze from coming, with its own reason', async () => {
        await registry.freeze('orders', frozen);
        await registry.liftFreeze('orders', lifted);
        await registry.freeze('orders', { ...frozen, reason: 'moved again' });
        expect((await registry.read('orders'))?.freeze).toEqual({ ...frozen, reason: 'moved again' });
        await expect(registry.transact('orders', claimed)).rejects.toMatchObject({ name: 'KeyFrozen' });
      });
    });

    describe('alerts', () => {
      const alert = (id: string, key = 'orders') => ({ id, key, subject: 'what', message: 'all of it', attributes: { alertId: id, key } });

      test('are kept as they were meant until they were published', async () => {
        await registry.queueAlert(alert('one'));
        await registry.queueAlert(alert('two'));
        expect(await registry.queuedAlerts('orders')).toEqual([alert('one'), alert('two')]);
        await registry.forgetAlert(alert('one'));
        expect(await registry.queuedAlerts('orders')).toEqual([alert('two')]);
      });

      test('are queued once and struck off once, however often that is repeated', async () => {
        await registry.queueAlert(alert('one'));
        await registry.queueAlert({ ...alert('one'), message: 'told differently' });
        expect(await registry.queuedAlerts('orders')).toEqual([alert('one')]);
        await registry.forgetAlert(alert('one'));
        await registry.forgetAlert(alert('one'));
        expect(await registry.queuedAlerts('orders')).toEqual([]);
      });

      test('of one key are none of another, and are taken of a frozen and of an unknown key, too', async () => {
        await registry.freeze('orders', { by: 'reconcile', at: AT, reason: 'alias moved' });
        await registry.queueAlert(alert('one'));
        await registry.queueAlert(alert('one', 'payments'));
        await registry.forgetAlert(alert('one', 'payments'));
        expect(await registry.queuedAlerts('orders')).toEqual([alert('one')]);
        expect(await registry.queuedAlerts('payments')).toEqual([]);
      });

      test('are found without knowing the key, and are no keys themselves', async () => {
        expect(await registry.namesWithQueuedAlerts()).toEqual([]);
        for (const [id, key] of [['one', 'payments'], ['two', 'payments'], ['three', 'orders']] as const) await registry.queueAlert(alert(id, key));
        expect([...(await registry.namesWithQueuedAlerts())].sort()).toEqual(['orders', 'payments']);
        expect(await registry.allNames()).toEqual(['orders']);
        expect(await registry.dueCandidates('9999-01-01T00:00:00.000Z')).toEqual(['orders']);
        for (const [id, key] of [['one', 'payments'], ['two', 'payments'], ['three', 'orders']] as const) await registry.forgetAlert(alert(id, key));
        expect(await registry.namesWithQueuedAlerts()).toEqual([]);
      });
    });

    test('tells the ledger from an event on', async () => {
      await owner();
      await registry.transact('orders', (key) => settle(key, ROTATION, AT));
      const whole = await registry.ledger('orders');
      expect(await registry.ledger('orders', 1)).toEqual(whole.slice(1));
      expect(await registry.ledger('orders', 3)).toEqual([]);
    });

    test('refuses to write when the registry was changed without a ledger event', async () => {
      subject.failNextWrite(async (next) => {
        subject.changeItem('orders', 'head', 'tampered');
        return next();
      });
      await expect(registry.transact('orders', claimed)).rejects.toMatchObject({ name: 'LedgerMismatch' });
      expect(await registry.ledger('orders')).toHaveLength(1);
    });

    test('keeps attributes that this release does not know', async () => {
      subject.changeItem('orders', 'addedByTheNextRelease', 'kept');
      await owner();
      expect(subject.readAttribute('orders', 'addedByTheNextRelease')).toBe('kept');
    });

    test('moves a version in a terminal status out of the aggregate', async () => {
      const first = await owner();
      await registry.transact('orders', (key) => intendCreate(key, first, 1, AT));
      await registry.transact('orders', (key) => abortRun(key, first, RUN, AT, { error: 'Test', errorClass: 'recoverable' }));
      const next = { rotationId: 'orders-20260630T0000Z-a1', executionArn: 'arn', run: { kind: 'rotation', window: '20260630T0000Z', number: 1 } as const, at: '2026-07-01T00:00:00.000Z' };
      const key = await registry.transact('orders', (current) => claim(current, next));
      expect(key.versions).toEqual({});
      expect(await registry.terminalVersions('orders')).toMatchObject([{ number: 1, status: 'ABANDONED' }]);
    });

    test('knows the owner of a KMS key, and gives one KMS key to one managed key only', async () => {
      const first = await owner();
      const make = async (registryOwner: Owner, name: string) => {
        await registry.transact(name, (key) => intendCreate(key, registryOwner, 1, AT));
        return registry.transact(name, (key) => adoptCreated(key, registryOwner, 1, { keyId: 'k1', keyArn: 'arn:k1' }, AT));
      };
      await make(first, 'orders');
      expect(await registry.ownerOf('k1')).toBe('orders');
      const other = policyOf({ name: 'payments' });
      await registry.register('payments', (key) => register(key, other, { registryId: subject.registryId, at: AT, by: 'test' }));
      const second = { rotationId: `payments-${WINDOW}-a1`, fence: 1 };
      await registry.transact('payments', (key) => claim(key, { rotationId: second.rotationId, executionArn: 'arn', run: RUN, at: AT }));
      await expect(make(second, 'payments')).rejects.toMatchObject({ name: 'LedgerMismatch' });
    });

    test('records one failure once', async () => {
      const failure = { rotationId: ROTATION, state: 'Claim Rotation', error: 'Throttled', errorClass: 'retry' as const, at: AT };
      await registry.transact('orders', (key) => recordFailure(key, failure));
      await registry.transact('orders', (key) => recordFailure(key, failure));
      expect(await registry.ledger('orders')).toHaveLength(2);
    });

    test('promotes in one write: the new version ACTIVE, the old one DEPRECATED', async () => {
      const first = await owner();
      for (const decide of [
        (key: ManagedKey) => intendCreate(key, first, 1, AT),
        (key: ManagedKey) => adoptCreated(key, first, 1, { keyId: 'k1', keyArn: 'arn:k1' }, AT),
        (key: ManagedKey) => equip(key, first, 1, AT),
        (key: ManagedKey) => recordProof(key, first, 1, AT),
        (key: ManagedKey) => intendPromote(key, first, 1, AT),
        (key: ManagedKey) => commitPromotion(key, first, 1, AT),
      ]) {
        await registry.transact('orders', decide);
      }
      expect((await registry.read('orders'))?.key).toMatchObject({ intent: null, versions: { v1: { status: 'ACTIVE', kmsKeyId: 'k1' } } });
      expect(firstBreak(await registry.ledger('orders'))).toBeUndefined();
    });

    test('finds due keys, overdue first, and all names', async () => {
      const later = policyOf({ name: 'billing' });
      await registry.register('billing', (key) => register(key, later, { registryId: subject.registryId, at: '2026-02-01T00:00:00.000Z', by: 'test' }));
      expect(await registry.dueCandidates('2026-03-02T00:00:00.000Z')).toEqual(['billing', 'orders']);
      expect(await registry.dueCandidates('2026-02-02T00:00:00.000Z')).toEqual(['billing']);
      expect([...(await registry.allNames())].sort()).toEqual(['billing', 'orders']);
    });
  });
}
