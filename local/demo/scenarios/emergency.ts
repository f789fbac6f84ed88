import type { Scenario } from './scenario';

export const emergency: Scenario = {
  name: 'emergency',
  summary: 'v1 has leaked: alice asks for an emergency rotation, which she cannot approve herself; bob does.',
  demands: 'A run of its own makes and promotes v2, marks v1 as compromised, and shortens the deadlines of v1 only.',
  key: 'orders-data',
  leadHours: 240,
  asks: true,
  async play(stage) {
    await stage.types('alice', ['rotate', 'orders-data', '--emergency', '--reason', 'v1 was found in a log', '--yes-i-mean', 'orders-data']);
    await stage.mayNotApprove('alice', 'emergency');
    await stage.answers('bob', 'emergency', 'approve', 'I have seen the log');
    await stage.untilEnded('e1');
    const v1 = (await stage.reading()).key.versions['v1'];
    stage.check('v1 is marked as compromised', v1?.compromisedAt !== undefined);
    const drainHours = (Date.parse(v1?.disableNotBefore ?? '') - Date.parse(v1?.drainFrom ?? '')) / 3_600_000;
    stage.check('v1 drained for less than the 48 hours of the policy', drainHours < 48, `${drainHours} hours`);
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['e1 completed'],
    alerts: ['orders-data: an approval is needed: emergency'],
  },
};
