import { CreateKeyCommand, UpdateAliasCommand } from '@aws-sdk/client-kms';
import type { Scenario } from './scenario';

export const aliasHijacked: Scenario = {
  name: 'alias-hijacked',
  summary: 'Somebody points alias/orders-data to a key of their own.',
  demands: 'The next reconciliation sees it, freezes the key and pages. keyturn changes nothing by itself: one asks for the repair, another approves it.',
  key: 'orders-data',
  asks: true,
  reconcileEvery: '15 minutes',
  async play(stage) {
    await stage.somebody('mallory', 'makes a key and points alias/orders-data to it', async (kms) => {
      const { KeyMetadata: made } = await kms.send(new CreateKeyCommand({ Description: 'not keyturn’s' }));
      await kms.send(new UpdateAliasCommand({ AliasName: 'alias/orders-data', TargetKeyId: made?.KeyId }));
    });
    await stage.untilFrozen();
    stage.check('the alert names the very repair', stage.messages().some((message) => message.includes('keyturn repair orders-data --kind repoint-alias --reason')));
    await stage.types('alice', ['audit', 'orders-data']);
    await stage.types('alice', ['repair', 'orders-data', '--kind', 'repoint-alias', '--reason', 'mallory’s change was not agreed', '--yes-i-mean', 'orders-data']);
    await stage.answers('bob', 'repair', 'approve', 'CloudTrail shows who it was');
    await stage.until('the freeze ends', async () => (await stage.reading()).freeze === null, 2);
  },
  end: {
    versions: 'v1 ACTIVE Enabled',
    alias: 'v1',
    stands: 'free',
    runs: [],
    alerts: ['orders-data: frozen: it is not as registered, and keyturn did not cause that', 'orders-data: an approval is needed: repair'],
  },
};
