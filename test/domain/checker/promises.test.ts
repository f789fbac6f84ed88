import { check } from '../../../lambdas/domain/checker';
import { ALIAS, ALICE, DAY, POLICY, story, Story, verdictOf } from './story';

/** A design without a registry: nothing but what KMS shows, and what was promised. */
const OPTIONS = { promises: [POLICY] };
const FOUNDER = { actor: 'arn:aws:iam::111122223333:user/founder' };
const HOUR = 3600;

/** The steps of two windows of 90 days: the drain and the bake take 7 days each. */
const STEPS = {
  found: (s: Story) => s.as(FOUNDER, () => { s.createKey('k1'); s.point(ALIAS, 'k1'); s.wait(85 * DAY); }),
  create: (s: Story) => s.createKey('k2'),
  swap: (s: Story) => void s.point(ALIAS, 'k2'),
  live: (s: Story) => { s.use('Encrypt', ALIAS); s.use('Decrypt', 'k1'); },
  drain: (s: Story) => s.wait(7 * DAY),
  disable: (s: Story) => void s.setState('k1', 'Disabled'),
  bake: (s: Story) => s.wait(7 * DAY),
  revoke: (s: Story) => void s.setState('k1', 'PendingDeletion'),
  rest: (s: Story) => s.wait(70 * DAY),
  end: (s: Story) => void s.use('Encrypt', ALIAS),
};
type Step = keyof typeof STEPS;

function lifeWith(instead: Partial<Record<Step, (s: Story, original: () => void) => void>> = {}): Story {
  // Five days before a window: the first one of the life is that of 1 April.
  const s = new Story('2026-01-06T01:00:00Z');
  for (const [name, step] of Object.entries(STEPS) as [Step, (s: Story) => void][]) {
    const other = instead[name];
    if (other === undefined) step(s);
    else other(s, () => step(s));
  }
  return s;
}

const ONE_KEY = '1 the alias gets one new key per window';
const KNOWN = '1 every key that is made is known';
const NEVER_BACK = '3 the alias never goes back to an old key';
const DRAINS = '4 a key drains as long as was promised';
const IN_USE = '4 a key that is in use is not disabled';
const ALIAS_WORKS = '5 calls through a managed alias work';
const READABLE = '5 old data is readable for as long as was promised';
const TOLD = '10 what somebody else did to a key is told of';
const ROTATED = '12 every window is rotated or told of';
const RETIRED = '12 old keys are retired or told of';

test('a good life without a registry holds what was promised, and each verdict rests on facts', () => {
  const s = lifeWith({ rest: (t, original) => { t.as(FOUNDER, () => { t.point(ALIAS, 'k9'); t.point(ALIAS, 'k2'); }); original(); } });
  expect(check(s.events, OPTIONS).flatMap(({ invariant, violations }) => violations.map(({ message }) => `${invariant}: ${message}`))).toEqual([]);
  for (const invariant of [ONE_KEY, KNOWN, NEVER_BACK, DRAINS, IN_USE, ALIAS_WORKS, READABLE, TOLD, ROTATED, RETIRED]) {
    expect(verdictOf(s, invariant, OPTIONS)).toMatchObject({ status: 'held', restsOn: expect.any(Number) });
  }
});

test('without a promise there is nothing to judge', () => {
  for (const invariant of [ONE_KEY, NEVER_BACK, DRAINS, IN_USE, ALIAS_WORKS, READABLE, TOLD, ROTATED, RETIRED]) expect(verdictOf(lifeWith(), invariant).status).toBe('not-checkable');
});

type Bad = readonly [invariant: string, wrong: string, instead: Parameters<typeof lifeWith>[0]];

const second = (s: Story): void => { s.createKey('k3'); s.point(ALIAS, 'k3'); };

const BAD: readonly Bad[] = [
  [ONE_KEY, 'a second key for the window', { live: (s, original) => { original(); second(s); } }],
  [ONE_KEY, 'a second key for the window, days later', { disable: (s, original) => { original(); second(s); } }],
  [KNOWN, 'a key that was made twice', { create: (s, original) => { s.createKey('lost'); original(); } }],
  [KNOWN, 'a key that is found only when the drain is over', { create: (s, original) => { s.createKey('lost'); original(); }, disable: (s, original) => { original(); s.setState('lost', 'Disabled'); } }],
  [NEVER_BACK, 'an alias that goes back', { live: (s, original) => { original(); s.point(ALIAS, 'k1'); } }],
  [DRAINS, 'a key that is disabled an hour early', { drain: (s) => s.wait(7 * DAY - HOUR) }],
  [DRAINS, 'a key that is deleted early', { drain: (s) => s.wait(DAY), disable: () => undefined, bake: () => undefined }],
  [DRAINS, 'a drain that counts from the first time that the alias left', {
    live: (s, original) => { original(); s.wait(DAY); s.as(FOUNDER, () => { s.point(ALIAS, 'k1'); }); s.wait(DAY); s.point(ALIAS, 'k2'); }, drain: (s) => s.wait(5 * DAY),
  }],
  [DRAINS, 'a key that is disabled while the alias points to it', { disable: (s) => void s.setState('k2', 'Disabled') }],
  [IN_USE, 'a key that is disabled while somebody uses it', { disable: (s, original) => { s.use('Decrypt', 'k1'); s.wait(HOUR); original(); } }],
  [ALIAS_WORKS, 'a call through the alias that fails', { disable: (s) => { s.setState('k2', 'Disabled'); s.use('Encrypt', ALIAS, 'DisabledException'); } }],
  [READABLE, 'old data that does not decrypt', { live: (s) => { s.setState('k1', 'Disabled'); s.use('Decrypt', 'k1', 'DisabledException'); } }],
  [TOLD, 'an alias that somebody else moved', { rest: (s, original) => { s.as(FOUNDER, () => { s.point(ALIAS, 'k9'); }); original(); } }],
  [TOLD, 'a key that somebody else disabled', { rest: (s, original) => { s.as(FOUNDER, () => { s.setState('k2', 'Disabled'); }); original(); } }],
  [ROTATED, 'a window without a new key', { create: () => undefined, swap: () => undefined }],
  [RETIRED, 'an old key that stays', { disable: () => undefined, revoke: () => undefined }],
  [RETIRED, 'an old key that is never deleted', { revoke: () => undefined }],
  [RETIRED, 'an old key that is disabled two hours late', { drain: (s) => s.wait(7 * DAY + 2 * HOUR) }],
];

test.each(BAD)('%s: finds %s', (invariant, _, instead) => {
  const s = lifeWith(instead);
  const verdict = verdictOf(s, invariant, OPTIONS);
  expect(verdict.status).toBe('violated');
  expect(verdict.restsOn).toBeGreaterThan(0);
  for (const { events } of verdict.violations) {
    expect(events.length).toBeGreaterThan(0);
    expect(events.every((seq) => s.events[seq] !== undefined)).toBe(true);
  }
});

test.each<Bad>([
  [KNOWN, 'a key that was made twice', { create: (s, original) => { s.createKey('lost'); original(); s.emit('sns.published', { topic: 't', subject: null, message: 'an orphan: lost', attributes: { key: 'orders' } }); } }],
  [KNOWN, 'a key that was made twice, and goes at once', { create: (s, original) => { s.createKey('lost'); original(); s.setState('lost', 'PendingDeletion'); } }],
  [NEVER_BACK, 'an alias that somebody else had moved away', { live: (s, original) => { original(); s.as(FOUNDER, () => { s.point(ALIAS, 'k9'); }); s.point(ALIAS, 'k2'); } }],
  [DRAINS, 'what somebody else disables', { drain: (s) => s.wait(DAY), disable: (s, original) => s.as({ actor: ALICE }, original), revoke: () => undefined }],
  [TOLD, 'an alias that somebody else moved', { rest: (s, original) => { s.as(FOUNDER, () => { s.point(ALIAS, 'k9'); }); s.alert(); original(); } }],
  [TOLD, 'a key that somebody else disabled and enabled', { rest: (s, original) => { s.as(FOUNDER, () => { s.setState('k2', 'Disabled'); s.setState('k2', 'Enabled'); }); original(); } }],
  [ROTATED, 'a window without a new key, of which people know', { create: () => undefined, swap: (s) => void s.alert() }],
  [RETIRED, 'an old key that stays, of which people know', { disable: () => undefined, revoke: (s) => void s.alert() }],
])('%s: does not blame for %s', (invariant, _, instead) => {
  expect(verdictOf(lifeWith(instead), invariant, OPTIONS)).toMatchObject({ violations: [] });
});

test('a policy that keeps old keys demands no retirement', () => {
  const s = lifeWith({ disable: () => undefined, revoke: () => undefined });
  expect(verdictOf(s, RETIRED, { promises: [{ ...POLICY, retirement: 'keep' }] }).violations).toEqual([]);
});

test('a drain that is short by little does not look as long as promised', () => {
  const [violation] = verdictOf(lifeWith({ drain: (s) => s.wait(7 * DAY - 1.4) }), DRAINS, OPTIONS).violations;
  expect(violation?.message).toMatch(/ disabled 167 h 59 min 58\.6 s after alias\/orders had left it; 168 h were promised$/);
});

describe('beside a registry a promise is about no key of the registry', () => {
  const OTHER = { promises: [{ ...POLICY, name: 'other', alias: 'alias/other' }] };
  const ORPHANS = '6 an orphan is deleted only with consent';

  test('a key that neither knows is not retired', () => {
    const s = story({ live: (t, original) => { t.setState('k7', 'Disabled'); original(); } });
    expect(verdictOf(s, ORPHANS, OTHER)).toMatchObject({ status: 'violated', violations: [{ message: expect.stringContaining('k7') as string }] });
  });

  test('nor one that was retired before the trace shows a registry', () => {
    const s = new Story('2025-12-31T00:00:00Z');
    s.setState('k7', 'Disabled');
    s.events.push(...story().events.map((event) => ({ ...event, seq: event.seq + 1 })));
    expect(verdictOf(s, ORPHANS, OTHER).status).toBe('violated');
  });

  test('a key that the promised alias has left is judged by the promise', () => {
    const early = story({ live: (t, original) => { t.point('alias/other', 'o1'); t.point('alias/other', 'o2'); t.setState('o1', 'Disabled'); original(); } });
    expect(verdictOf(early, ORPHANS, OTHER)).toMatchObject({ status: 'not-checkable', violations: [] });
    expect(verdictOf(early, DRAINS, OTHER)).toMatchObject({ status: 'violated', violations: [{ message: expect.stringContaining('o1') as string }] });
  });

  test('a promise about an alias of the registry changes nothing', () => {
    const early = story({ drain: (t) => { t.wait(DAY); } });
    const promises = [{ ...POLICY, drainSeconds: HOUR, retirement: 'keep' as const }];
    expect(check(early.events, { promises })).toEqual(check(early.events));
    const gone = story({ destroyed: (t) => { t.put('META', t.required(), null); } });
    expect(check(gone.events, { promises })).toEqual(check(gone.events));
  });

  test.each<[string, number | undefined, string]>([
    ['made for the registry has the time that a registry takes', 9, 'held'],
    ['made without one has less', undefined, 'violated'],
  ])('a key that was %s', (_, version, status) => {
    const s = story({ create: (t, original) => { t.createKey('lost', version); t.wait(2 * HOUR); t.setState('lost', 'PendingDeletion'); original(); } }, 'create');
    expect(verdictOf(s, KNOWN, OTHER).status).toBe(status);
  });
});
