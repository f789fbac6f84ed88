import { check } from '../../../lambdas/domain/checker';
import { expectSaid } from './expect-violation';
import { A2, ALIAS, ALICE, DAY, story, verdictOf, type Step, type Story } from './story';

const TOLD = '10 what somebody else did to a key is told of';
const EVE = { actor: 'arn:aws:iam::111122223333:user/eve' };
const FROZEN = 'reconcile/orders/frozen/2026-04-01T00:00:00Z';
const MOVED = `${ALIAS} points to k9, the registry expects k1`;
const HOUR = 3600;

type Tell = (s: Story) => void;

/** A life with k1 behind the alias, and what comes then. @param until by default nothing is under way */
function lifeWith(tell: Tell, until: Step = 'live'): Story {
  const s = story({}, until);
  s.traceId = undefined;
  tell(s);
  return s;
}

const eve = (act: Tell): Tell => (s) => { s.as(EVE, () => { act(s); }); };
const move = eve((s) => s.point(ALIAS, 'k9'));
const moveBack = eve((s) => s.point(ALIAS, 'k1'));
const disable = eve((s) => s.setState('k1', 'Disabled'));
const hold: Tell = (s) => { s.write('HoldSet', ALICE, { hold: { by: 'x', at: s.now, reason: 'y' } }); };
const rescued: Tell = (s) => { s.setState('k1', 'Enabled'); s.write('VersionRescued', 'rescue-version', s.version(1, { status: 'DEPRECATED', rescuedAt: s.now })); };
const frozenAlert: Tell = (s) => s.alert('orders', FROZEN, MOVED);

/** Reconciliations look every 15 minutes, so long. */
const looks = (minutes: number): Tell => (s) => {
  for (let passed = 0; passed < minutes; passed += 15) {
    s.wait(900);
    s.look();
  }
};
const all = (...parts: readonly Tell[]): Tell => (s) => { for (const part of parts) part(s); };
const wait = (seconds: number): Tell => (s) => { s.wait(seconds); };

test.each<[string, Tell, Step?]>([
  ['an alias that was moved', all(move, looks(30))],
  ['an ACTIVE key that was disabled', all(disable, looks(30))],
  ['an ACTIVE key that was scheduled for deletion', all(eve((s) => s.setState('k1', 'PendingDeletion')), looks(30))],
  ['a scheduled key that KMS has deleted since', all(eve((s) => s.setState('k1', 'PendingDeletion')), wait(240), (s) => { s.as({ actor: 'kms.amazonaws.com' }, () => s.setState('k1', 'Deleted')); }, looks(30))],
  ['a retired key that was enabled again', all(wait(2 * HOUR), eve((s) => s.setState('k1', 'Enabled')), looks(30)), 'commitDisable'],
  ['a draining key that was disabled', all(wait(2 * HOUR), disable, looks(30)), 'confirm'],
  ['an alias that was deleted', all(eve((s) => s.point(ALIAS, null)), looks(30))],
  ['the same change for the second time', all(move, frozenAlert, moveBack, move, looks(30))],
  ['what looks like the way back of a change that was undone long ago', (s) => {
    const t = story({ create: (u, original) => { move(u); moveBack(u); original(); } }, 'confirm');
    t.traceId = undefined;
    all(wait(2 * HOUR), moveBack, looks(30))(t);
    s.events.splice(0, s.events.length, ...t.events);
  }],
  ['a change after which only something else was told', all(move, (s) => {
    s.alert('orders', 'overdue/orders/20260401T0000Z', MOVED);
    s.alert('orders', 'approval/1', MOVED, 'approval: revoke');
    s.alert('orders', 'orphan/k9', MOVED);
    s.alert('orders');
  }, looks(30))],
  ['a change right after something that leaves alias and key as they are', all(hold, move, looks(30))],
  ['a third key behind the alias right after a promotion', all(move, looks(30)), 'commit'],
  ['the side before a promotion, an hour and a half after it', all(moveBack, looks(90)), 'commit'],
  ['a key that was enabled again an hour and a half after keyturn disabled it', all(eve((s) => s.setState('k1', 'Enabled')), looks(90)), 'commitDisable'],
  ['a deletion that was cancelled, an hour and a half after keyturn scheduled it', all(eve((s) => s.setState('k1', 'Disabled')), looks(90)), 'commitRevoke'],
  ['a retired key that was scheduled for deletion, an hour and a half after a hold', all(hold, eve((s) => s.setState('k1', 'PendingDeletion')), looks(90)), 'commitDisable'],
  ['a rescued key that was disabled, an hour and a half after the rescue', all(rescued, disable, looks(90)), 'commitDisable'],
  ['a retired key that was enabled while it is held', all(hold, eve((s) => s.setState('k1', 'Enabled')), looks(90)), 'commitRevoke'],
  ['a change after which another one was told', all(move, (s) => s.alert('orders', FROZEN, `${ALIAS} points to k8, the registry expects k1`), looks(30))],
  ['a change of which another key was said', all(move, (s) => s.alert('invoices', FROZEN, MOVED), looks(30))],
  ['a change that was told before it happened', all(frozenAlert, move, looks(30))],
  ['a change that was told only when two reconciliations had seen it', all(move, looks(30), frozenAlert)],
  ['a freeze for another reason, whose repair leaves the change', all(move, (s) => { s.freeze(); s.lift(); }, wait(2 * HOUR), looks(30))],
  ['a change that was undone when two reconciliations had seen it', all(move, looks(30), moveBack)],
  ['a change that was undone two days later, which no reconciliation could see', all(move, wait(2 * DAY), moveBack)],
  ['a change that stands two days later, which no reconciliation could see', all(move, wait(2 * DAY), (s) => void s.look('ThrottlingException'))],
  ['a change that keyturn went over', all(move, wait(HOUR), (s) => s.point(ALIAS, 'k1'))],
])('finds %s', (wrong, ...life) => {
  const s = lifeWith(...life);
  const verdict = verdictOf(s, TOLD, { untilMs: s.atMs });
  expect(verdict.status).toBe('violated');
  expect(verdict.violations).toHaveLength(1);
  for (const { events } of verdict.violations) expect(events.map((seq) => s.events[seq]?.actor)).toEqual([EVE.actor]);
  expectSaid(verdict, wrong);
});

test.each<[string, Tell, Step?]>([
  ['an alert that names it', all(move, looks(15), frozenAlert, looks(30))],
  ['an alert that waits in the registry', all(move, (s) => s.queue(FROZEN, MOVED), looks(30))],
  ['the failure of the task that saw it', all(disable, (s) => s.alert('orders', `${A2}/2026-04-01T00:10:00.000Z`, 'ObservedMismatch: orders: v1 (k1) is Disabled, its status ACTIVE means Enabled'), looks(30))],
  ['a freeze whose reason names it', all(move, (s) => { s.put('FREEZE', null, { by: 'x', at: s.now, reason: MOVED }); s.lift(); }, wait(2 * HOUR), looks(30))],
])('is content with %s', (_, ...life) => {
  expect(verdictOf(lifeWith(...life), TOLD)).toMatchObject({ status: 'held', restsOn: 1, violations: [] });
});

test.each<[string, Tell, Step?]>([
  ['one that was undone before a second reconciliation saw it', all(move, looks(15), moveBack, looks(60))],
  ['one that only one reconciliation has seen', all(move, looks(15))],
  ['one that KMS did not show yet', all(move, wait(60), (s) => void s.look(), wait(700), (s) => void s.look())],
  ['one that reconciliations could not see', all(move, (s) => { for (let look = 0; look < 4; look++) { s.wait(900); s.look('ThrottlingException'); } })],
  ['one whose key moved between two looks', all(move, looks(15), hold, looks(45))],
  ['one that looks like the side before a promotion, right after it', all(moveBack, looks(60)), 'commit'],
  ['a key that was enabled again right after keyturn disabled it', all(eve((s) => s.setState('k1', 'Enabled')), looks(60)), 'commitDisable'],
  ['a retired key that was scheduled for deletion right after a hold', all(hold, eve((s) => s.setState('k1', 'PendingDeletion')), looks(60)), 'commitDisable'],
  ['a rescued key that was disabled right after the rescue', all(rescued, disable, looks(60)), 'commitDisable'],
  ['a rescued key that was scheduled for deletion right after the rescue', all(rescued, eve((s) => s.setState('k1', 'PendingDeletion')), looks(60)), 'commitDisable'],
  ['a deletion that was cancelled of a held key', all(hold, eve((s) => s.setState('k1', 'Disabled')), wait(2 * HOUR), looks(60)), 'commitRevoke'],
  ['a key that was scheduled for deletion while keyturn is about to', all(eve((s) => s.setState('k1', 'PendingDeletion')), wait(2 * HOUR), looks(60)), 'intendRevoke'],
  ['a key whose deletion was cancelled right after keyturn scheduled it', all(eve((s) => s.setState('k1', 'Disabled')), looks(60)), 'commitRevoke'],
  ['one that became another one between two looks', all(move, looks(15), eve((s) => s.point(ALIAS, 'k8')), looks(15))],
  ['one while the key is frozen', all(move, (s) => void s.freeze(), wait(2 * HOUR), looks(60), wait(2 * DAY))],
  ['one that a repair takes back', all(move, (s) => { s.freeze(); s.wait(HOUR); s.point(ALIAS, 'k1'); })],
  ['one that keyturn could not see when it went over it', all(move, wait(60), (s) => s.point(ALIAS, 'k1'))],
  ['an alias that was moved to where keyturn is about to move it', all(eve((s) => s.point(ALIAS, 'k2')), wait(2 * HOUR), looks(60)), 'intendPromote'],
  ['a key that was disabled while keyturn is about to', all(disable, wait(2 * HOUR), looks(60)), 'intendDisable'],
  ['a key that is being rescued', all((s) => { s.write('RescueIntended', 'r', { rescues: { v1: { by: 'x', at: s.now, reason: 'y' } } }); }, eve((s) => s.setState('k1', 'PendingDeletion')), wait(2 * HOUR), looks(60)), 'commitDisable'],
  ['a key whose store is away', all(eve((s) => s.setState('k1', 'Unavailable')), wait(2 * HOUR), looks(60))],
  ['the alias of a key that has gone from the registry', all((s) => s.put('META', s.key ?? null, null), move, wait(2 * HOUR), looks(60))],
])('says nothing about %s', (_, ...life) => {
  expect(verdictOf(lifeWith(...life), TOLD)).toMatchObject({ status: 'not-checkable', violations: [] });
});

test('a change of AWS itself is nobody\'s', () => {
  const s = lifeWith(all((t) => { t.as({ actor: 'kms.amazonaws.com' }, () => t.setState('k1', 'Disabled')); }, looks(60)));
  expect(check(s.events).find(({ invariant }) => invariant === TOLD)).toMatchObject({ status: 'not-checkable' });
});
