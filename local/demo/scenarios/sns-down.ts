import type { Scenario } from './scenario';

export const snsDown: Scenario = {
  name: 'sns-down',
  summary: 'SNS is down while a rotation fails and tells people so; orders-api answers from the second attempt on.',
  demands: 'The alert is written down and waits. The rotation goes on without it, and the first reconciliation that reaches the topic delivers it, once.',
  key: 'orders-data',
  areDependentsSilent: true,
  async play(stage) {
    await stage.passHours(10);
    stage.tell('fault', 'SNS does not take messages');
    const endOutage = stage.faults.outage({ service: 'sns', operation: 'Publish' });
    await stage.untilEnded('a1');
    stage.listen();
    await stage.untilState('Drain');
    stage.check('a2 has promoted v2 without SNS, and nobody was told anything yet', stage.alerts().length === 0, stage.alerts().join());
    stage.reconcileEvery('15 minutes');
    stage.tell('fault', 'SNS works again');
    endOutage();
    await stage.passHours(1);
  },
  end: {
    versions: 'v1 DEPRECATED Enabled, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'owned',
    runs: ['a1 aborted', 'a2 RUNNING'],
    alerts: ['orders-data: recoverable failure in Promote Key Version'],
  },
};
