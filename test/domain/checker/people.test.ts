import type { Approval } from '../../../lambdas/domain/approval';
import { plusSeconds } from '../../../lambdas/domain/instant';
import { expectViolation, type BadTrace, type Evidence } from './expect-violation';
import { ALICE, BOB, DAY, emergency, POLICY, story, verdictOf, type Story } from './story';

const REVOKE = '6 a revocation is allowed by policy or by people';
const EMERGENCY = '6 an emergency is approved';
const REPAIR = '6 a freeze ends by an approved repair';
const BACK = '6 a retirement is taken back by a rescue only';
const RETURN = '6 a version returns by a rescue only';

const SESSION = (name: string) => `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Keys/${name}`;
const vote = (s: Story, by: string, change: object = {}) => ({ answer: 'approve' as const, by, at: s.now, reason: 'r', ...change });

/** A revocation that the policy leaves to people, and what they have said. */
function revoking(answer: (s: Story) => unknown, policy: Partial<typeof POLICY> = {}): Evidence {
  let proof = -1;
  const s = story(
    {
      live: (t, original) => { t.write('PolicyChanged', 'r', { policy: { ...POLICY, autoDelete: false, ...policy } }); original(); },
      bake: (t, original) => { original(); answer(t); },
      intendRevoke: (t, original) => { original(); proof = t.seq - 1; },
    },
    'revoke',
  );
  return { s, proof: [proof] };
}

/** An approval whose answers are told apart. */
const asked = (change: (s: Story) => Partial<Approval>) => revoking((s) => s.approval(change(s)));

function living(tell: (s: Story) => number): Evidence {
  let proof = -1;
  const s = story({ live: (t) => (proof = tell(t)) }, 'live');
  return { s, proof: [proof] };
}

const begunBy = (change: (s: Story) => Partial<Approval>, version = 1) =>
  living((s) => {
    s.approval({ purpose: 'emergency', requestedBy: BOB, ...change(s) });
    return s.write('EmergencyApproved', ALICE, { emergency: emergency(s, version) });
  });

const liftedBy = (tell: (s: Story) => unknown) => living((s) => { s.freeze(); s.wait(60); tell(s); return s.seq; });

/** Something is done to v1's key while it bakes. */
const baking = (tell: (s: Story) => number): Evidence => {
  let proof = -1;
  const s = story({ bake: (t) => (proof = tell(t)) }, 'bake');
  return { s, proof: [proof] };
};

const BAD: readonly BadTrace[] = [
  [REVOKE, 'one that nobody was asked about', () => revoking(() => undefined)],
  [REVOKE, 'one whose bake nobody watched', () => revoking((s) => s.write('BakeWatched', 'r', s.version(1, { watchedAt: undefined as never })), { autoDelete: true })],
  [REVOKE, 'one that nobody has answered', () => asked(() => ({ votes: [], outcome: null }))],
  [REVOKE, 'one that was refused', () => asked((s) => ({ votes: [vote(s, ALICE, { answer: 'deny' })], outcome: 'deny' }))],
  [REVOKE, 'one that was refused after a consent', () => asked((s) => ({ votes: [vote(s, ALICE), vote(s, BOB, { answer: 'deny' })] }))],
  [REVOKE, 'an outcome without votes', () => asked(() => ({ votes: [], outcome: 'approve' }))],
  [REVOKE, 'consent to another version', () => asked(() => ({ version: 2 }))],
  [REVOKE, 'consent to another purpose', () => asked(() => ({ purpose: 'disable' }))],
  [REVOKE, 'consent for another key', () => asked(() => ({ key: 'invoices' }))],
  [REVOKE, 'consent to an earlier state of the key', () => asked((s) => ({ rev: s.required().rev - 1 }))],
  [REVOKE, 'consent before a hold came and went', () =>
    revoking((s) => { s.approval(); s.write('HoldSet', ALICE, { hold: { by: ALICE, at: s.now, reason: 'r' } }); s.write('HoldReleased', ALICE, { hold: null }); })],
  [REVOKE, 'consent that came too late', () => asked((s) => ({ requestedAt: plusSeconds(s.now, -2 * DAY), expiresAt: s.now }))],
  [REVOKE, 'consent from before the question', () => asked((s) => ({ votes: [vote(s, ALICE, { at: plusSeconds(s.now, -1) })] }))],
  [REVOKE, 'consent by the one who asked', () => asked(() => ({ requestedBy: ALICE }))],
  [REVOKE, 'one person where two are wanted', () => asked(() => ({ approversNeeded: 2 }))],
  [REVOKE, 'one person where the policy wants two, whatever the question says', () => revoking((s) => s.approval(), { approvers: 2 })],
  [REVOKE, 'one person twice', () => asked((s) => ({ approversNeeded: 2, votes: [vote(s, ALICE), vote(s, ALICE)] }))],
  [REVOKE, 'two sessions of one role', () => asked((s) => ({ approversNeeded: 2, votes: [vote(s, SESSION('alice')), vote(s, SESSION('bob'))] }))],
  [EMERGENCY, 'one that nobody was asked about', () => living((s) => s.write('EmergencyApproved', ALICE, { emergency: emergency(s, 1) }))],
  [EMERGENCY, 'one that its requester approved', () => begunBy((s) => ({ votes: [vote(s, BOB)] }))],
  [EMERGENCY, 'one of another version than was approved', () => begunBy(() => ({}), 2)],
  [EMERGENCY, 'a second one by the same words', () => begunBy(() => ({ id: 'b'.repeat(20) }))],
  [REPAIR, 'a freeze that ends without a repair', () => liftedBy((s) => s.lift('PolicyChanged', {}))],
  [REPAIR, 'a repair that nobody approved', () => liftedBy((s) => { s.approval({ purpose: 'repair', requestedBy: BOB, votes: [], outcome: null }); s.lift(); })],
  [REPAIR, 'a repair by consent to something else', () => liftedBy((s) => { s.approval({ purpose: 'break-glass', requestedBy: BOB }); s.lift(); })],
  [BACK, 'a key that is enabled for no reason', () => baking((s) => s.setState('k1', 'Enabled'))],
  [BACK, 'a rescue of another version', () => baking((s) => { s.write('RescueIntended', 'r', { rescues: { v2: { by: 'x', at: s.now, reason: 'y' } } }); return s.setState('k1', 'Enabled'); })],
  [BACK, 'a deletion that is cancelled for no reason', () => { const s = story({}, 'commitRevoke'); return { s, proof: [s.setState('k1', 'Disabled')] }; }],
  [RETURN, 'a version that is DEPRECATED again for no reason', () => baking((s) => s.write('VersionRescued', 'r', s.version(1, { status: 'DEPRECATED' })))],
  [RETURN, 'a version that is DEPRECATED again by another event', () =>
    baking((s) => { s.write('RescueIntended', 'r', { rescues: { v1: { by: 'x', at: s.now, reason: 'y' } } }); return s.write('PolicyChanged', 'r', s.version(1, { status: 'DEPRECATED' })); })],
  [RETURN, 'a revocation that is taken back for no reason', () => { const s = story({}, 'commitRevoke'); return { s, proof: [s.write('DeletionCancelled', 'r', s.version(1, { status: 'DISABLED' }))] }; }],
  ['6 nothing is retired while held or frozen', 'a version disabled after the item of its freeze was deleted', () => {
    let proof = -1;
    const s = story({ drain: (t, original) => { t.freeze(); t.put('FREEZE', { by: 'x' }, null); original(); }, disable: (t) => (proof = t.setState('k1', 'Disabled')) }, 'disable');
    return { s, proof: [proof] };
  }],
];

describe('people', () => {
  test.each(BAD)('%s: finds %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

  const LEGAL: readonly (readonly [string, string, () => Evidence])[] = [
    [REVOKE, 'consent by somebody else', () => revoking((s) => s.approval())],
    [REVOKE, 'consent by two', () => asked((s) => ({ approversNeeded: 2, votes: [vote(s, ALICE), vote(s, BOB)] }))],
    ['4 no retirement against the policy', 'consent by somebody else', () => revoking((s) => s.approval())],
    [EMERGENCY, 'one that somebody else approved', () => begunBy(() => ({}))],
    [BACK, 'a rescue that was announced', () => baking((s) => { s.write('RescueIntended', 'r', { rescues: { v1: { by: 'x', at: s.now, reason: 'y' } } }); return s.setState('k1', 'Enabled'); })],
    [BACK, 'a deletion cancelled by a hold', () => { const s = story({}, 'commitRevoke'); s.write('HoldSet', ALICE, { hold: { by: ALICE, at: s.now, reason: 'r' } }); s.setState('k1', 'Disabled'); return { s, proof: [] }; }],
    [RETURN, 'a deletion cancelled by a hold', () => {
      const s = story({}, 'commitRevoke');
      s.write('HoldSet', ALICE, { hold: { by: ALICE, at: s.now, reason: 'r' } });
      s.write('DeletionCancelled', 'r', s.version(1, { status: 'DISABLED' }));
      return { s, proof: [] };
    }],
    ['6 nothing is retired while held or frozen', 'a version disabled after its freeze was lifted', () => ({
      s: story({ drain: (s, original) => { s.freeze(); s.approval({ purpose: 'repair', requestedBy: BOB }); s.lift(); original(); } }, 'disable'),
      proof: [],
    })],
  ];
  test.each(LEGAL)('%s: allows %s', (invariant, _, build) => expect(verdictOf(build().s, invariant)).toMatchObject({ status: 'held', violations: [] }));

  test('sessions are people where an identity provider names them', () => {
    const { s } = asked((t) => ({ approversNeeded: 2, votes: [vote(t, SESSION('alice')), vote(t, SESSION('bob'))] }));
    expect(verdictOf(s, REVOKE, { identityRules: { vouchedRoles: ['AWSReservedSSO_*'] } })).toMatchObject({ status: 'held', violations: [] });
  });

  test('what somebody else does to a freeze or a key is not keyturn', () => {
    const eve = { actor: 'arn:aws:iam::111122223333:user/eve' };
    const s = story({ bake: (t, original) => { original(); t.as(eve, () => { t.setState('k1', 'Enabled'); t.put('FREEZE', { by: 'x' }, { by: 'x', liftedAt: t.now }); }); } }, 'bake');
    expect([BACK, REPAIR].map((invariant) => verdictOf(s, invariant).violations)).toEqual([[], []]);
  });
});
