import type { Scenario } from './scenario';

export const crashAfterCreate: Scenario = {
  name: 'crash-after-create',
  summary: 'The function that makes the new KMS key dies right after KMS has made it: nobody has heard the answer.',
  demands: 'The run settles, finds the key by its tags and goes on with it. There is one new KMS key, not two.',
  key: 'orders-data',
  async play(stage) {
    stage.tell('fault', 'the next function whose CreateKey KMS has applied will die');
    stage.faults.crashAfter({ service: 'kms', operation: 'CreateKey' }, (traceHeader) => { stage.cloud.services.lambda.crash(traceHeader); });
    await stage.untilEnded('a1');
    const made = stage.cloud.kms.snapshot().keys.filter(({ tags }) => tags['keyturn:key'] === stage.scenario.key);
    stage.check('KMS keys that were ever made for orders-data: 2, one per version', made.length === 2, String(made.length));
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 completed'],
    alerts: ['orders-data: uncertain failure in Create Key Version'],
  },
};
