import type { Scenario } from './scenario';

export const twoApprovers: Scenario = {
  name: 'two-approvers',
  summary: 'The deletion of an old version of ledger-data needs two people; alice answers twice.',
  demands: 'Two answers of one person count once. The deletion is scheduled only after bob has approved too.',
  key: 'ledger-data',
  asks: true,
  async play(stage) {
    await stage.untilState('Await Approval');
    await stage.answers('alice', 'revoke', 'approve', 'the evidence is good');
    await stage.answersAgain('revoke');
    await stage.passHours(2);
    const { key } = await stage.reading();
    stage.check('two hours later v1 is still DISABLED', key.versions['v1']?.status === 'DISABLED', key.versions['v1']?.status);
    await stage.answers('bob', 'revoke', 'approve', 'I agree');
    await stage.untilEnded('a1');
  },
  end: {
    versions: 'v1 REVOKED PendingDeletion, v2 ACTIVE Enabled',
    alias: 'v2',
    stands: 'free',
    runs: ['a1 completed'],
    alerts: ['ledger-data: an approval is needed: revoke'],
  },
};
