import fc from 'fast-check';
import { Timeline } from '../../../local/kernel/clock';
import { Lagging } from '../../../local/kms/lagging';
import { DEFAULT_REQUEST_QUOTAS } from '../../../local/kms/request-quotas';
import { base64, Kit, keyArn, outcome, refusal } from './kit';

const Plaintext = base64('text');
const LAG_MS = 5_000;
const lagOf = (lagging: string) => ({ visibilityDelayMs: (what: string) => (what === lagging ? LAG_MS : 0) });

describe('eventual consistency', () => {
  test('a new key is not found for a while, though it is there', async () => {
    const kit = new Kit(lagOf('key'));
    const KeyId = kit.createKey();
    expect(kit.traced('kms.key-created')).toHaveLength(1);
    for (const operation of ['DescribeKey', 'DisableKey', 'GetKeyPolicy']) {
      expect(refusal(() => kit.call(operation, { KeyId })).message).toBe(`Key '${keyArn(KeyId)}' does not exist`);
    }
    expect(kit.call('ListKeys').Keys).toEqual([]);
    await kit.pass(LAG_MS);
    expect(kit.stateOf(KeyId)).toBe('Enabled');
  });

  test('readers of an alias see where it was; writers see where it is', async () => {
    const kit = new Kit(lagOf('alias'));
    const [one, two] = [kit.createKey(), kit.createKey()];
    kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
    expect(outcome(() => kit.stateOf('alias/orders'))).toBe('NotFoundException');
    expect(outcome(() => kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one }))).toBe('AlreadyExistsException');
    await kit.pass(LAG_MS);
    kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
    expect(kit.kms.snapshot().aliases).toEqual([{ name: 'alias/orders', targetKeyId: two }]);
    expect(kit.call('DescribeKey', { KeyId: 'alias/orders' }).KeyMetadata.KeyId).toBe(one);
    expect(kit.call('ListAliases').Aliases[0]?.TargetKeyId).toBe(one);
    expect(kit.call('Encrypt', { KeyId: 'alias/orders', Plaintext }).KeyId).toBe(keyArn(one));
    await kit.pass(LAG_MS);
    expect(kit.call('Encrypt', { KeyId: 'alias/orders', Plaintext }).KeyId).toBe(keyArn(two));
    kit.call('DeleteAlias', { AliasName: 'alias/orders' });
    expect(kit.stateOf('alias/orders')).toBe('Enabled');
    await kit.pass(LAG_MS);
    expect(outcome(() => kit.stateOf('alias/orders'))).toBe('NotFoundException');
  });

  test('a disabled key works for a while; what manages it sees its true state', async () => {
    const kit = new Kit(lagOf('key-state'));
    const KeyId = kit.createKey();
    kit.call('ScheduleKeyDeletion', { KeyId });
    expect(kit.stateOf(KeyId)).toBe('Enabled');
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext }))).toBe('ok');
    expect(outcome(() => kit.call('ScheduleKeyDeletion', { KeyId }))).toBe('KMSInvalidStateException');
    await kit.pass(LAG_MS);
    expect(kit.stateOf(KeyId)).toBe('PendingDeletion');
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext }))).toBe('KMSInvalidStateException');
  });

  test('the value that is read is the latest write that is visible', async () => {
    const writes = fc.array(fc.record({ waitMs: fc.nat(20), delayMs: fc.nat(20) }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(writes, async (list) => {
        const timeline = new Timeline(0);
        const lagging = new Lagging<number>(timeline);
        const done: { readonly visibleAtMs: number; readonly value: number }[] = [];
        for (const [value, { waitMs, delayMs }] of list.entries()) {
          lagging.write(value, delayMs);
          done.push({ visibleAtMs: timeline.nowMs() + delayMs, value });
          await timeline.runUntil(timeline.nowMs() + waitMs);
          expect(lagging.read()).toBe(done.findLast(({ visibleAtMs }) => visibleAtMs <= timeline.nowMs())?.value);
        }
      }),
    );
  });
});

describe('request quotas', () => {
  const throttled = { name: 'ThrottlingException', message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.' };

  test('let through so many requests per second, and refuse without effect', async () => {
    const kit = new Kit({ requestQuotas: DEFAULT_REQUEST_QUOTAS });
    for (let n = 0; n < 5; n++) kit.createKey();
    expect(refusal(() => kit.createKey())).toEqual(throttled);
    expect(kit.kms.snapshot().keys).toHaveLength(5);
    expect(outcome(() => kit.call('ListKeys'))).toBe('ok');
    await kit.pass(999);
    expect(outcome(() => kit.createKey())).toBe('ThrottlingException');
    await kit.pass(1);
    expect(outcome(() => kit.createKey())).toBe('ok');
  });

  test('are off by default', () => {
    const kit = new Kit();
    for (let n = 0; n < 50; n++) kit.createKey();
    expect(kit.kms.snapshot().keys).toHaveLength(50);
  });
});
