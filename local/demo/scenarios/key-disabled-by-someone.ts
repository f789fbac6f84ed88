import { DisableKeyCommand } from '@aws-sdk/client-kms';
import type { Scenario } from './scenario';

export const keyDisabledBySomeone: Scenario = {
  name: 'key-disabled-by-someone',
  summary: 'Somebody disables the KMS key of the ACTIVE version, and consumers fail.',
  demands: 'The next reconciliation freezes the key and pages, and says that encryption may be harmed. The approved repair enables the key; then consumers work again.',
  key: 'orders-data',
  asks: true,
  reconcileEvery: '15 minutes',
  async play(stage) {
    const KeyId = await stage.kmsKeyOf(1);
    await stage.somebody('intern', 'disables the KMS key of v1', (kms) => kms.send(new DisableKeyCommand({ KeyId })));
    await stage.untilFrozen();
    stage.check('the alert names the very repair', stage.messages().some((message) => message.includes('keyturn repair orders-data --kind enable --key-version 1 --reason')));
    await stage.types('alice', ['repair', 'orders-data', '--kind', 'enable', '--key-version', '1', '--reason', 'disabled by mistake', '--yes-i-mean', 'orders-data']);
    await stage.answers('bob', 'repair', 'approve', 'I have seen the ticket');
    await stage.until('the freeze ends', async () => (await stage.reading()).freeze === null, 2);
    const failed = stage.tally.failures.length;
    await stage.passHours(6);
    stage.check('consumers: no call has failed since the repair', stage.tally.failures.length === failed, stage.tally.failures.at(-1));
  },
  end: {
    versions: 'v1 ACTIVE Enabled',
    alias: 'v1',
    stands: 'free',
    runs: [],
    alerts: ['orders-data: frozen: it is not as registered, and keyturn did not cause that', 'orders-data: an approval is needed: repair'],
    mayFailConsumers: true,
  },
};
