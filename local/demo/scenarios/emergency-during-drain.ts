import type { Scenario } from './scenario';

export const emergencyDuringDrain: Scenario = {
  name: 'emergency-during-drain',
  summary: 'v2 leaks while the rotation that made it still drains v1.',
  demands: 'The approved emergency stops the owner that only drains, settles, and runs: v3 takes the place of v2, whose deadlines are shortened. v1 is retired by a later run, at its own deadline.',
  key: 'orders-data',
  asks: true,
  async play(stage) {
    await stage.untilState('Drain');
    await stage.passHours(6);
    await stage.types('alice', ['rotate', 'orders-data', '--emergency', '--reason', 'v2 was found in a log', '--yes-i-mean', 'orders-data']);
    await stage.answers('bob', 'emergency', 'approve', 'I have seen the log');
    await stage.untilEnded('e1');
    await stage.untilEnded('r1');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 REVOKED PendingDeletion, v3 ACTIVE Enabled',
    alias: 'v3',
    stands: 'free',
    runs: ['a1 Stopped', 'e1 completed', 'r1 completed'],
    alerts: ['orders-data: an approval is needed: emergency', 'orders-data: an execution ended ABORTED with Stopped and still holds the key'],
  },
};
