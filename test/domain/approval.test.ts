import fc from 'fast-check';
import { APPROVAL_PURPOSES, isConsented, standingOf, vote, type Answer, type Approval, type ApprovalPurpose, type Vote } from '../../lambdas/domain/approval';
import { identityOf, type IdentityRules } from '../../lambdas/domain/identity';
import { isBefore, plusSeconds } from '../../lambdas/domain/instant';

const AT = '2026-06-10T00:00:00.000Z';
const EXPIRES = '2026-06-17T00:00:00.000Z';
const [ALICE, BOB, CAROL] = ['alice', 'bob', 'carol'].map((name) => `arn:aws:iam::111122223333:user/${name}`) as [string, string, string];
const SSO = (name: string) => `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Keys/${name}`;
const NONE: IdentityRules = { vouchedRoles: [] };
const VOUCHED = { vouchedRoles: ['AWSReservedSSO_*'] };
const KEY = { rev: 7 };

const question = (change: Partial<Approval> = {}): Approval => ({
  id: 'a'.repeat(20), key: 'orders', purpose: 'revoke', question: 'May it be?', rev: 7, requestedBy: 'orders-20260610T0000Z-a1', requestedAt: AT, expiresAt: EXPIRES, approversNeeded: 1,
  rotationId: 'orders-20260610T0000Z-a1', version: 1, errorClass: null, facts: {}, votes: [], outcome: null, ...change,
});
const ballot = (by: string, answer: Answer = 'approve', at = AT): Vote => ({ by, answer, at, reason: 'looked' });

/** Counts ballots one after the other; refused ones change nothing. */
function count(approval: Approval, ballots: readonly Vote[], rules = NONE, key = KEY): Approval {
  return ballots.reduce((current, cast) => {
    const counted = vote(current, cast, key, rules);
    return counted.kind === 'refused' ? current : counted.approval;
  }, approval);
}

describe('an answer', () => {
  test.each<[ApprovalPurpose, Answer, Answer, Answer]>([
    ['recover', 'resume', 'abort', 'approve'], ['disable', 'approve', 'deny', 'resume'], ['revoke', 'approve', 'deny', 'abort'], ['emergency', 'approve', 'deny', 'resume'],
    ['repair', 'approve', 'deny', 'resume'], ['break-glass', 'approve', 'deny', 'resume'], ['delete-orphan', 'approve', 'deny', 'resume'],
  ])('to %s is %s or %s, and not %s', (purpose, consent, refusal, other) => {
    const asked = question({ purpose });
    expect(vote(asked, ballot(ALICE, consent), KEY, NONE)).toMatchObject({ kind: 'recorded', approval: { outcome: consent, votes: [{ by: ALICE }] } });
    expect(vote(asked, ballot(ALICE, refusal), KEY, NONE)).toMatchObject({ kind: 'recorded', approval: { outcome: refusal } });
    expect(vote(asked, ballot(ALICE, other), KEY, NONE)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(`${consent} or ${refusal}, not for ${other}`) });
  });

  test('of every purpose has a test', () => expect(APPROVAL_PURPOSES).toHaveLength(7));

  test.each<[string, Approval, Vote, number, RegExp]>([
    ['that comes when the question expires', question(), ballot(ALICE, 'approve', EXPIRES), 7, /expired at 2026-06-17.*nothing was changed/],
    ['that comes after it expired', question(), ballot(ALICE, 'deny', plusSeconds(EXPIRES, 1)), 7, /expired/],
    ['to a key that moved', question(), ballot(ALICE), 8, /has changed since it was asked \(revision 7, now 8\).*void/],
    ['to a key that moved, though it is a refusal', question(), ballot(ALICE, 'deny'), 8, /void/],
    ['to a key that moved after it was consented to', question({ outcome: 'approve', votes: [ballot(BOB)] }), ballot(ALICE), 8, /void/],
    ['after a consent', question({ outcome: 'approve', votes: [ballot(BOB)] }), ballot(ALICE), 7, /answered before, with approve/],
    ['after a refusal', question({ outcome: 'deny', votes: [ballot(BOB, 'deny')] }), ballot(ALICE), 7, /answered before, with deny/],
    ['a refusal after a consent', question({ outcome: 'approve', votes: [ballot(BOB)] }), ballot(ALICE, 'deny'), 7, /answered before, with approve/],
    ['of the one who asked', question({ requestedBy: ALICE }), ballot(ALICE), 7, /alice requested it and cannot approve it/],
    ['of another session of the one who asked', question({ requestedBy: SSO('alice') }), ballot(SSO('bob')), 7, /requested it and cannot approve it/],
    ['a consent of one who has refused', question({ approversNeeded: 2, votes: [ballot(ALICE, 'deny')] }), ballot(ALICE), 7, /has answered deny before/],
  ])('%s is refused, and says so', (_, approval, cast, rev, reason) => {
    expect(vote(approval, cast, { rev }, NONE)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });

  test('a moment before the question expires counts', () => {
    expect(vote(question(), ballot(ALICE, 'approve', plusSeconds(EXPIRES, -0.001)), KEY, NONE).kind).toBe('recorded');
  });

  test('that was given before is a repetition, also after the outcome and after the question expired', () => {
    const answered = question({ outcome: 'approve', votes: [ballot(ALICE)] });
    for (const at of [AT, plusSeconds(EXPIRES, 9)]) expect(vote(answered, ballot(ALICE, 'approve', at), KEY, NONE)).toEqual({ kind: 'repeated', approval: answered });
  });

  test('of the one who asked may be a refusal', () => {
    expect(vote(question({ requestedBy: ALICE }), ballot(ALICE, 'deny'), KEY, NONE)).toMatchObject({ kind: 'recorded', approval: { outcome: 'deny' } });
  });

  test('may be taken back as long as it decides nothing', () => {
    const half = question({ approversNeeded: 2, votes: [ballot(ALICE)] });
    expect(vote(half, ballot(ALICE, 'deny'), KEY, NONE)).toMatchObject({ kind: 'recorded', approval: { outcome: 'deny' } });
  });
});

describe('two approvers', () => {
  const two = question({ approversNeeded: 2 });
  test('are two identities', () => {
    expect(count(two, [ballot(ALICE)]).outcome).toBeNull();
    expect(count(two, [ballot(ALICE), ballot(ALICE)]).outcome).toBeNull();
    expect(count(two, [ballot(ALICE), ballot(BOB)]).outcome).toBe('approve');
  });

  test('are not two sessions of a role, unless an identity provider names them', () => {
    const sessions = [ballot(SSO('alice')), ballot(SSO('bob'))];
    expect(count(two, sessions).outcome).toBeNull();
    expect(count(two, sessions, VOUCHED).outcome).toBe('approve');
  });

  test('are refused by one', () => expect(count(two, [ballot(ALICE), ballot(BOB, 'deny')]).outcome).toBe('deny'));
});

describe('consent', () => {
  const consented = question({ outcome: 'approve', votes: [ballot(ALICE)] });
  test('counts for the state of the key that was asked about', () => {
    expect(isConsented(consented, 7, NONE)).toBe(true);
    expect(isConsented(consented, 8, NONE)).toBe(false);
  });

  // Whoever can write the item could write these; what acts on consent looks at the votes, not at the outcome.
  test.each<[string, Partial<Approval>]>([
    ['an outcome without votes', { votes: [] }],
    ['votes without an outcome', { outcome: null }],
    ['an outcome against the votes', { votes: [ballot(ALICE, 'deny')] }],
    ['a vote against it among others', { votes: [ballot(ALICE), ballot(BOB, 'deny')] }],
    ['too few votes', { approversNeeded: 2 }],
    ['one identity twice', { approversNeeded: 2, votes: [ballot(SSO('alice')), ballot(SSO('bob'))] }],
    ["the requester's own vote", { requestedBy: ALICE }],
    ["the requester's own vote among enough others", { requestedBy: ALICE, approversNeeded: 2, votes: [ballot(ALICE), ballot(BOB), ballot(CAROL)] }],
    ['an outcome that answers another purpose', { purpose: 'recover' }],
  ])('is not forged by %s', (_, change) => expect(isConsented({ ...consented, ...change }, 7, NONE)).toBe(false));
});

test('an approval is open, answered, expired or void', () => {
  expect(standingOf(question(), 7, AT)).toBe('open');
  expect(standingOf(question(), 7, EXPIRES)).toBe('expired');
  expect(standingOf(question(), 8, AT)).toBe('void');
  expect(standingOf(question({ outcome: 'approve' }), 7, plusSeconds(EXPIRES, 1))).toBe('consented');
  expect(standingOf(question({ outcome: 'deny' }), 7, AT)).toBe('refused');
  expect(standingOf(question({ purpose: 'recover', outcome: 'resume' }), 7, AT)).toBe('consented');
  expect(standingOf(question({ outcome: 'approve' }), 8, AT)).toBe('void');
});

test('whatever is answered by whomever in whatever order: consent is that of enough other people, in time, to the key as it was, with nobody against', () => {
  const people = [ALICE, BOB, CAROL, SSO('alice'), SSO('bob')];
  const ballots = fc.array(
    fc.record({ by: fc.constantFrom(...people), answer: fc.constantFrom<Answer>('approve', 'approve', 'approve', 'deny', 'resume'), seconds: fc.constantFrom(0, 60, 7 * 86_400) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(ballots, fc.constantFrom(1 as const, 2 as const), fc.constantFrom(...people), fc.constantFrom(NONE, VOUCHED), fc.boolean(), (casts, approversNeeded, requestedBy, rules, hasMoved) => {
      const approval = question({ approversNeeded, requestedBy });
      const result = count(approval, casts.map(({ by, answer, seconds }) => ballot(by, answer, plusSeconds(AT, seconds))), rules, { rev: hasMoved ? 8 : 7 });
      const identities = new Set(result.votes.map(({ by }) => identityOf(by, rules)));
      expect(result.votes.every(({ at }) => isBefore(at, EXPIRES))).toBe(true);
      if (hasMoved) expect(result).toEqual(approval);
      if (result.outcome !== 'approve') return;
      expect(identities.size).toBeGreaterThanOrEqual(approversNeeded);
      expect(identities).not.toContain(identityOf(requestedBy, rules));
      expect(result.votes.map(({ answer }) => answer)).not.toContain('deny');
      expect(isConsented(result, 7, rules)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
