import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import type { Scenario } from './scenario';

const NAMES = ['orders-data', 'payments-hsm', 'ledger-data'] as const;

export const tableRestored: Scenario = {
  name: 'table-restored',
  summary: 'While v1 drains, somebody puts the registry’s table back to what it was before v2 was made.',
  demands: 'KMS has a key of this registry that the registry does not know: every key is quarantined, nothing is deleted or disabled. After the comparison, the key that the alias points to is accepted, and the quarantines are lifted.',
  key: 'orders-data',
  asks: true,
  async play(stage) {
    await stage.passHours(8);
    const restore = await stage.backUpTable();
    await stage.untilState('Drain');
    await stage.passHours(3);
    stage.reconcileEvery('15 minutes');
    await restore();
    await stage.untilAlert('THE REGISTRY WENT BACK', 2);
    for (const name of NAMES) {
      stage.check(`${name} is quarantined`, (await stage.reading(name)).key.quarantine !== null);
    }
    await stage.untilFrozen();
    const found = await stage.somebody('security', 'looks where alias/orders-data points to: to the key that the run before the restore made', (kms) => kms.send(new DescribeKeyCommand({ KeyId: 'alias/orders-data' })));
    await stage.types('alice', ['repair', 'orders-data', '--kind', 'accept-key', '--key-arn', found.KeyMetadata?.Arn ?? '', '--reason', 'made by keyturn before the restore', '--yes-i-mean', 'orders-data']);
    await stage.answers('bob', 'repair', 'approve', 'CloudTrail shows that keyturn made it');
    await stage.until('the freeze ends', async () => (await stage.reading()).freeze === null, 2);
    for (const name of NAMES) await stage.types('alice', ['lift', name, '--reason', 'compared with KMS', '--yes-i-mean', name]);
    stage.reconcileEvery('3 hours');
    await stage.untilEnded('a1');
  },
  end: {
    versions: 'v1 DEPRECATED Enabled, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'owned',
    runs: ['a1 superseded', 'r1 RUNNING'],
    alerts: [
      'orders-data: THE REGISTRY WENT BACK: every key is quarantined',
      'orders-data: frozen: it is not as registered, and keyturn did not cause that',
      'orders-data: an approval is needed: repair',
      'orders-data: superseded failure in Check Drain',
    ],
  },
};
