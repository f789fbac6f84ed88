import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import type { Scenario } from './scenario';

export const lateUserRescued: Scenario = {
  name: 'late-user-rescued',
  summary: 'A nightly report that nobody knew of decrypts old data with v1, which is DISABLED by now.',
  demands: 'The failed use is seen in CloudTrail: v1 is enabled again within minutes, the key is held, and the alert names who needed it. keyturn retires nothing more until a person releases the hold.',
  key: 'orders-data',
  async play(stage) {
    const { CiphertextBlob: report } = await stage.somebody('reports', 'encrypts its report with alias/orders-data, that is v1', (kms) =>
      kms.send(new EncryptCommand({ KeyId: 'alias/orders-data', Plaintext: Buffer.from('turnover of 2026') })),
    );
    const read = (doing: string): Promise<string> =>
      stage.somebody('reports', doing, (kms) => kms.send(new DecryptCommand({ CiphertextBlob: report })).then(({ Plaintext }) => Buffer.from(Plaintext ?? []).toString(), (error: unknown) => (error as Error).name));
    await stage.untilState('Bake');
    const refused = await read('reads last year’s report');
    stage.check('its call fails: DisabledException', refused === 'DisabledException', refused);
    await stage.untilAlert('is still in use and was enabled again', 1);
    const found = await read('reads it again');
    stage.check('and works after the rescue', found === 'turnover of 2026', found);
    stage.check('the alert names who needed v1', stage.messages().some((message) => message.includes('assumed-role/reports/')));
    await stage.untilEnded('a1');
    await stage.passHours(24);
  },
  end: {
    versions: 'v1 DEPRECATED Enabled, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'held',
    runs: ['a1 completed-retirement-pending'],
    alerts: ['orders-data: v1 is still in use and was enabled again'],
  },
};
