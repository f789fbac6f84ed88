import type { Approval } from '../../../lambdas/domain/approval';
import type { ManagedKey } from '../../../lambdas/domain/managed-key';
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

/** Somebody else writes what versions there are. */
function rewrite(s: Story, versions: ManagedKey['versions']): void {
  const before = s.required();
  s.key = { ...before, versions };
  s.as({ actor: ALICE }, () => s.put('META', before, s.required()));
}

const note = (s: Story) => ({ by: 'eve', at: s.now, reason: 'legal' });
/** A change of the policy makes another state of the managed key. */
const revise = (s: Story) => s.write('PolicyChanged', 'eve', (key) => ({ ...key, policy: { ...key.policy, drainSeconds: key.policy.drainSeconds + 1 } }));
const quarantine = (s: Story) => s.write('KeyQuarantined', 'eve', { quarantine: note(s) });
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
  ['deleted while the managed key is quarantined', (s) => { quarantine(s); s.wait(181); consent(s); }],
  ['deleted while the managed key has long been held, and is frozen just now', (s) => { hold(s); s.wait(181); consent(s); s.freeze(); }],
  ['deleted although somebody has used it', (s) => { s.use('Decrypt', 'k77'); s.wait(70 * 60); consent(s); }],
  ['deleted although somebody has used it, also just now', (s) => { s.use('Decrypt', 'k77'); s.wait(70 * 60); s.use('Decrypt', 'k77'); consent(s); }],
  ['deleted while the alias points to it', (s) => { s.as({ actor: ALICE }, () => s.point(ALIAS, 'k77')); s.wait(600); consent(s); }],
  ['deleted by a consent that is about another managed key', (s) => consent(s, { key: 'other', rev: -1 })],
  ['deleted again by the same consent', (s) => { consent(s); s.setState('k77', 'PendingDeletion'); s.as({ actor: ALICE }, () => s.setState('k77', 'Disabled')); }],
  ['disabled by a consent to its deletion', (s) => consent(s), 'Disabled'],
];

test.each<BadTrace>(BAD.map(([wrong, tell, to]) => [ORPHANS, wrong, () => deleting(tell, to)]))('%s: finds one %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

test.each<[string, (s: Story) => unknown]>([
  ['deleted with consent', (s) => consent(s)],
  ['deleted with a second consent', (s) => { consent(s, { id: 'c'.repeat(20), votes: [] }); consent(s); }],
  ['deleted while the managed key moves on', (s) => { consent(s); revise(s); s.wait(179); }],
  ['deleted while somebody sets a hold', (s) => { consent(s); hold(s); s.wait(179); }],
  ['deleted while somebody sets a quarantine', (s) => { consent(s); quarantine(s); s.wait(179); }],
  ['deleted while somebody uses it', (s) => { consent(s); s.use('Decrypt', 'k77'); s.wait(60 * 60); }],
  ['deleted while somebody points the alias to it', (s) => { s.as({ actor: ALICE }, () => s.point(ALIAS, 'k77')); s.wait(400); consent(s); }],
  ['deleted that the alias has left', (s) => { s.as({ actor: ALICE }, () => { s.point(ALIAS, 'k77'); s.point(ALIAS, 'k1'); }); s.wait(600); consent(s); }],
  ['deleted that could not be used', (s) => { s.use('Decrypt', 'k77', 'DisabledException'); s.wait(3600); consent(s); }],
  ['deleted by somebody else', (s) => { s.as({ actor: CONSUMER }, () => s.setState('k77', 'PendingDeletion')); s.as({ actor: ALICE }, () => s.setState('k77', 'Enabled')); consent(s); }],
])('allows one %s', (_, tell) => expect(verdictOf(deleting(tell).s, ORPHANS)).toMatchObject({ status: 'held', restsOn: 1, violations: [] }));

test('another consent allows another deletion', () => {
  const { s } = deleting((t) => {
    consent(t);
    t.setState('k77', 'PendingDeletion');
    t.as({ actor: ALICE }, () => t.setState('k77', 'Disabled'));
    consent(t, { id: 'c'.repeat(20) });
  });
  expect(verdictOf(s, ORPHANS)).toMatchObject({ status: 'held', restsOn: 2 });
});

test('a key whose version was made anew after the table had been restored is an orphan', () => {
  const s = story({
    live: (t, original) => {
      t.createKey('k77', 1);
      for (const kmsKeyId of ['k77', 'k1']) rewrite(t, { v1: { ...t.required().versions['v1']!, kmsKeyId } });
      consent(t);
      t.setState('k77', 'PendingDeletion');
      original();
    },
  });
  expect(verdictOf(s, ORPHANS)).toMatchObject({ status: 'held', restsOn: 1 });
  expect(verdictOf(s, '4 no retirement before its deadline').violations).toEqual([]);
});

test('and none any more once it has become another version', () => {
  let proof = -1;
  const s = story({
    live: (t) => {
      const v1 = t.required().versions['v1']!;
      for (const kmsKeyId of ['k77', 'k1']) rewrite(t, { v1: { ...v1, kmsKeyId } });
      rewrite(t, { v1: { ...v1, status: 'DEPRECATED' }, v2: { ...v1, number: 2, kmsKeyId: 'k77' } });
      proof = t.setState('k77', 'Disabled');
    },
  }, 'live');
  expect(verdictOf(s, ORPHANS)).toMatchObject({ status: 'not-checkable' });
  expectViolation('2 the ACTIVE key stays usable', { s, proof: [proof] });
});
