import type { Scenario } from './scenario';

export const holdBeforeRevoke: Scenario = {
  name: 'hold-before-revoke',
  summary: 'alice holds the key while v1 bakes, the last step before its deletion; days later she releases it.',
  demands: 'The hold wins: the rotation completes with its retirement pending, and v1 stays DISABLED as long as the hold lasts. Once it is released, a retirement run finishes.',
  key: 'orders-data',
  async play(stage) {
    await stage.untilState('Bake');
    await stage.types('alice', ['hold', 'orders-data', '--reason', 'legal hold, case 42']);
    await stage.untilEnded('a1');
    await stage.passHours(48);
    const { key } = await stage.reading();
    stage.check('two days on: held, v1 DISABLED, its retirement pending', key.hold !== null && key.versions['v1']?.status === 'DISABLED' && key.retirementPending.includes(1), key.versions['v1']?.status);
    await stage.types('alice', ['release', 'orders-data', '--reason', 'case 42 is closed', '--yes-i-mean', 'orders-data']);
    await stage.untilEnded('r1');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 completed-retirement-pending', 'r1 completed'],
    alerts: [],
  },
};
