import type { Scenario } from './scenario';

export const operatorAbort: Scenario = {
  name: 'operator-abort',
  summary: 'alice aborts a rotation that waits for its dependents.',
  demands: 'The run aborts at its next step. Nothing is revoked, the alias is where it was, and the window is not tried again by itself.',
  key: 'orders-data',
  areDependentsSilent: true,
  async play(stage) {
    await stage.untilState('Notify Dependent');
    await stage.types('alice', ['abort', 'orders-data', '--reason', 'release freeze', '--yes-i-mean', 'orders-data']);
    await stage.untilEnded('a1');
    await stage.passHours(12);
  },
  end: {
    versions: 'v1 ACTIVE Enabled, v2 PENDING Enabled',
    alias: 'v1',
    stands: 'free',
    runs: ['a1 aborted'],
    alerts: ['orders-data: recoverable failure in Promote Key Version'],
  },
};
