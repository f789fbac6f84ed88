import type { Scenario } from './scenario';

export const throttled: Scenario = {
  name: 'throttled',
  summary: 'KMS throttles CreateKey for longer than the retries of a task last.',
  demands: 'The retries are bounded; then the run settles and aborts safely, and the next attempt of the same window goes on by itself. Nobody has to act.',
  key: 'orders-data',
  async play(stage) {
    stage.tell('fault', 'KMS throttles every CreateKey');
    stage.cloud.kms.configure({ requestQuotas: { CreateKey: 0 } });
    await stage.untilEnded('a1');
    stage.tell('fault', 'KMS has room again');
    stage.cloud.kms.configure({ requestQuotas: 'off' });
    await stage.untilEnded('a2');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 aborted', 'a2 completed'],
    alerts: ['orders-data: Throttled outlived its retries in Create Key Version'],
  },
};
