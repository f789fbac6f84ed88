import type { Approval } from '../../../lambdas/domain/approval';
import { expectViolation, type BadTrace, type Evidence } from './expect-violation';
import { ALIAS, ALICE, CONSUMER, DAY, story, verdictOf, type Story } from './story';

const ORPHANS = '6 an orphan is deleted only with consent';

/** A KMS key that no version names, what happens to it and what people say, and its deletion. */
function deleting(tell: (s: Story) => unknown, to = 'PendingDeletion'): Evidence {
  let proof = -1;
  const s = story({
    live: (t, original) => {
      t.createKey('k77', 7);
      t.wait(DAY);
      tell(t);
      proof = t.setState('k77', to);
      original();
    },
  });
  return { s, proof: [proof] };
}

function consent(s: Story, change: Partial<Approval> = {}): number {
  return s.approval({ purpose: 'delete-orphan', version: 7, facts: { kmsKeyId: 'k77' }, ...change });
}

const note = (s: Story) => ({ by: 'eve', at: s.now, reason: 'legal' });
/** A change of the policy makes another state of the managed key. */
const revise = (s: Story) => s.write('PolicyChanged', 'eve', (key) => ({ ...key, policy: { ...key.policy, drainSeconds: key.policy.drainSeconds + 1 } }));
const hold = (s: Story) => s.write('HoldSet', 'eve', { hold: note(s) });

const BAD: readonly (readonly [wrong: string, tell: (s: Story) => unknown, to?: string])[] = [
  ['deleted, and nobody was asked', () => undefined],
  ['deleted, and people consented to the deletion of another one', (s) => consent(s, { facts: { kmsKeyId: 'k78' } })],
  ['deleted, and people consented to something else about it', (s) => consent(s, { purpose: 'repair' })],
  ['deleted, and nobody has answered', (s) => consent(s, { votes: [] })],
  ['deleted, and one person consented of two', (s) => consent(s, { approversNeeded: 2 })],
  ['deleted by a consent to a later state of the managed key', (s) => consent(s, { rev: s.required().rev + 1 })],
  ['deleted by a consent to an earlier state of the managed key', (s) => { consent(s); revise(s); s.wait(181); }],
  ['deleted by a consent to the state before the last one', (s) => { consent(s); revise(s); revise(s); }],
  ['deleted while the managed key is held', (s) => { hold(s); s.wait(181); consent(s); }],
  ['deleted while the managed key is frozen', (s) => { s.freeze(); s.wait(181); consent(s); }],
  ['deleted although somebody has used it', (s) => { s.use('Decrypt', 'k77'); s.wait(3600); consent(s); }],
  ['deleted although the alias has pointed to it', (s) => { s.as({ actor: ALICE }, () => { s.point(ALIAS, 'k77'); s.point(ALIAS, 'k1'); }); consent(s); }],
  ['disabled by a consent to its deletion', (s) => consent(s), 'Disabled'],
];

test.each<BadTrace>(BAD.map(([wrong, tell, to]) => [ORPHANS, wrong, () => deleting(tell, to)]))('%s: finds one %s', (invariant, _, build) => expectViolation(invariant, build()));

test.each<[string, (s: Story) => unknown]>([
  ['deleted with consent', (s) => consent(s)],
  ['deleted with a second consent', (s) => { consent(s, { id: 'c'.repeat(20), votes: [] }); consent(s); }],
  ['deleted while the managed key moves on', (s) => { consent(s); revise(s); s.wait(179); }],
  ['deleted while somebody sets a hold', (s) => { consent(s); hold(s); s.wait(179); }],
  ['deleted while somebody uses it', (s) => { consent(s); s.use('Decrypt', 'k77'); }],
  ['deleted that could not be used', (s) => { s.use('Decrypt', 'k77', 'DisabledException'); s.wait(3600); consent(s); }],
  ['deleted by somebody else', (s) => { s.as({ actor: CONSUMER }, () => s.setState('k77', 'PendingDeletion')); s.as({ actor: ALICE }, () => s.setState('k77', 'Enabled')); consent(s); }],
])('allows one %s', (_, tell) => expect(verdictOf(deleting(tell).s, ORPHANS)).toMatchObject({ status: 'held', restsOn: 1, violations: [] }));

test('a key whose version was made anew after the table had been restored is an orphan', () => {
  const s = story({
    live: (t, original) => {
      t.createKey('k77', 1);
      t.as({ actor: ALICE }, () => t.put('META', t.required(), t.key = { ...t.required(), versions: { v1: { ...t.required().versions['v1']!, kmsKeyId: 'k77' } } }));
      t.as({ actor: ALICE }, () => t.put('META', t.required(), t.key = { ...t.required(), versions: { v1: { ...t.required().versions['v1']!, kmsKeyId: 'k1' } } }));
      consent(t);
      t.setState('k77', 'PendingDeletion');
      original();
    },
  });
  expect(verdictOf(s, ORPHANS)).toMatchObject({ status: 'held', restsOn: 1 });
  expect(verdictOf(s, '4 no retirement before its deadline').violations).toEqual([]);
});
