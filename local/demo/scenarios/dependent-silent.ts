import type { Scenario } from './scenario';

export const dependentSilent: Scenario = {
  name: 'dependent-silent',
  summary: 'orders-api never answers whether it is ready for the new version; once it does, somebody lifts the quarantine.',
  demands: 'Nothing is promoted without the answer. After three attempts the key is quarantined, and waits for a person. The one new key is kept for the attempt that succeeds.',
  key: 'orders-data',
  areDependentsSilent: true,
  async play(stage) {
    await stage.untilEnded('a3');
    const { key } = await stage.reading();
    stage.check('after three attempts: quarantined, v1 still ACTIVE', key.quarantine !== null && key.versions['v1']?.status === 'ACTIVE', key.quarantine?.reason);
    stage.tell('orders-api', 'is mended, and listens for keyturn’s events again');
    stage.listen();
    await stage.types('alice', ['lift', 'orders-data', '--reason', 'orders-api answers again', '--yes-i-mean', 'orders-data']);
    await stage.untilEnded('a4');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 aborted', 'a2 aborted', 'a3 aborted', 'a4 completed'],
    alerts: [
      'orders-data: recoverable failure in Promote Key Version',
      'orders-data: recoverable failure in Promote Key Version',
      'orders-data: recoverable failure in Promote Key Version, at the last attempt',
    ],
  },
};
