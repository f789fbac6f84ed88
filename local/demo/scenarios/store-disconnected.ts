import type { Scenario } from './scenario';

export const storeDisconnected: Scenario = {
  name: 'store-disconnected',
  summary: 'The CloudHSM key store of payments-hsm is disconnected when its window comes, and connected again three hours later.',
  demands: 'A disconnected store is no attack: the attempts abort safely, and one of them goes on once it is connected.',
  key: 'payments-hsm',
  async play(stage) {
    const id = stage.policy.keyStoreId ?? '';
    await stage.passHours(10);
    stage.tell('fault', `the key store ${id} is disconnected`);
    stage.cloud.kms.configure({ keyStores: { [id]: { connectionState: 'DISCONNECTED' } } });
    await stage.untilEnded('a1');
    await stage.passHours(0.5);
    stage.tell('fault', `the key store ${id} is connected again`);
    stage.cloud.kms.configure({ keyStores: { [id]: { connectionState: 'CONNECTED' } } });
    await stage.untilEnded('a2');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 aborted', 'a2 completed'],
    alerts: ['payments-hsm: recoverable failure in Claim Rotation'],
    mayFailConsumers: true,
  },
};
