import { msOf } from '../../../lambdas/domain/instant';
import { A2, ALIAS, ALICE, DAY, story, verdictOf, type Story } from './story';

const ROTATED = '12 every window is rotated or told of';
const RETIRED = '12 old keys are retired or told of';
const AT = '2026-04-02T00:00:00.000Z';
const EVE = { actor: 'arn:aws:iam::111122223333:user/eve' };

type Tell = (s: Story) => unknown;

/** The key has one version, and nothing of the window of 1 April is done until the end of the trace. @param days after its beginning at which the trace ends */
function windowWith(tell: Tell, days = 3) {
  const s = story({}, 'live');
  s.traceId = undefined;
  tell(s);
  return verdictOf(s, ROTATED, { untilMs: msOf('2026-04-01T00:00:00Z') + days * DAY * 1000 });
}

/** v1 drains since 1 April, and is not disabled for 70 days, when a registry has told of it at the latest. */
function retirementWith(tell: Tell) {
  const s = story({}, 'confirm');
  s.traceId = undefined;
  tell(s);
  return verdictOf(s, RETIRED, { untilMs: msOf('2026-04-01T00:00:00Z') + 70 * DAY * 1000 });
}

const after = (days: number, tell: Tell): Tell => (s) => { s.wait(days * DAY); tell(s); };
const alert = (id: string, stage?: string, key = 'orders'): Tell => (s) => s.alert(key, id, 'm', stage);
const alarm = (name: string, actor = 'cloudwatch.amazonaws.com'): Tell => (s) => { s.as({ actor }, () => { s.emit('sns.published', { topic: 'alerts', subject: `ALARM: "${name}"`, message: 'm', attributes: {} }); }); };
const hold: Tell = (s) => s.write('HoldSet', ALICE, { hold: { by: ALICE, at: s.now, reason: 'legal' } });
const release: Tell = (s) => s.write('HoldReleased', ALICE, { hold: null });
const pauseUntil = (until: string): Tell => (s) => s.write('PauseSet', ALICE, { pause: { by: ALICE, at: s.now, reason: 'freeze', until } });

/** Alerts about states in which neither is done. */
const STANDSTILLS: readonly [string, Tell][] = [
  ['a failed task', alert(`${A2}/${AT}`)],
  ['an owner that ended', alert(`${A2}/ended/${AT}`)],
  ['a freeze', alert(`reconcile/orders/frozen/${AT}`)],
  ['a registry that went back, said about another key', alert('registry-went-back/k7', 'reconcile', 'invoices')],
  ['a rescue, which holds the key', alert(`rescue/orders/v1/${AT}`)],
  ['a repair that was not enough', alert('repair/1/differs')],
  ['a question about a repair', alert('approval/1', 'approval: repair')],
  ['a question that nobody answered', alert('approval/1/expired')],
  ['what waits in the registry', (s) => s.queue(`${A2}/${AT}`)],
];

/** Alerts that keep nothing from being done, or nobody can know what. */
const BESIDE: readonly [string, Tell][] = [
  ['an orphan', alert('orphan/k7')],
  ['emergencies', alert('emergencies/orders/x')],
  ['a question about an orphan', alert('approval/1', 'approval: delete-orphan')],
  ['a question of which only the id is known', alert('approval/1')],
  ['a failure of another key', alert(`invoices-20260401T0000Z-a1/${AT}`, undefined, 'invoices')],
  ['another alarm', alarm('executions-failed')],
  ['a silent starter, said by somebody else', alarm('starter-silent', EVE.actor)],
  ['something without an id', (s) => s.alert()],
  ['a failure, said by somebody else', (s) => { s.as(EVE, () => s.alert('orders', `${A2}/${AT}`)); }],
  ['a failure, written down by somebody else', (s) => { s.as(EVE, () => s.queue(`${A2}/${AT}`)); }],
];

describe('a window without a rotation', () => {
  test.each<[string, Tell]>([
    ['nothing', () => undefined],
    ...BESIDE,
    ['the retirement of an old version', alert('retirement-pending/orders/v1')],
    ['a question about a revocation', alert('approval/1', 'approval: revoke')],
  ])('is found when people were told of %s', (_, tell) => {
    expect(windowWith(after(1, tell))).toMatchObject({ status: 'violated', violations: [{ events: [expect.any(Number)] }] });
  });

  test.each([...STANDSTILLS, ['that it is overdue', alert('overdue/orders/20260401T0000Z')] as [string, Tell], ['a silent starter', alarm('starter-silent')] as [string, Tell]])('is excused when people were told of %s', (_, tell) => {
    expect(windowWith(after(1, tell))).toMatchObject({ status: 'held', restsOn: 1 });
    // It says nothing about the next window.
    expect(windowWith(after(1, tell), 93)).toMatchObject({ status: 'violated' });
  });

  test('is found when people were told of the window before only', () => {
    const s = story({ live: (t, original) => { original(); t.wait(-DAY); t.alert('orders', `${A2}/${AT}`); t.wait(DAY); } }, 'live');
    expect(verdictOf(s, ROTATED, { untilMs: s.atMs + 3 * DAY * 1000 }).status).toBe('violated');
  });

  test.each<[string, number, Tell]>([
    ['a hold that was released when most of it was left', 3, (s) => { hold(s); s.wait(DAY); release(s); }],
    ['a hold that was released before it began', 3, (s) => { s.wait(-DAY); hold(s); release(s); s.wait(DAY); }],
    ['a pause that is over', 30, pauseUntil('2026-04-10T00:00:00Z')],
    ['a pause that is over, in a key that somebody has changed since', 30, (s) => { pauseUntil('2026-04-10T00:00:00Z')(s); s.wait(20 * DAY); s.write('PolicyChanged', 'r', {}); }],
  ])('is found after %s', (_, days, tell) => {
    expect(windowWith(tell, days).status).toBe('violated');
  });

  test.each<[string, number, Tell]>([
    ['a hold that stands', 3, hold],
    ['a pause that lasts', 30, pauseUntil('2026-05-10T00:00:00Z')],
    ['a hold that was released when a few hours of it were left', 89.9, (s) => { hold(s); s.wait(89.5 * DAY); release(s); }],
    ['a hold that stood until the next window, with nothing in between', 90.5, (s) => { hold(s); s.wait(90.2 * DAY); release(s); }],
    ['a pause that was over when a few hours of it were left', 89.9, pauseUntil('2026-06-29T12:00:00Z')],
  ])('is excused by %s', (_, days, tell) => {
    expect(windowWith(tell, days)).toMatchObject({ violations: [] });
  });
});

describe('an old key that stays', () => {
  test.each<[string, Tell]>([
    ['nothing', () => undefined],
    ...BESIDE,
    ['that the next window is overdue', alert('overdue/orders/20260630T0000Z')],
  ])('is found when people were told of %s', (_, tell) => {
    const verdict = retirementWith(after(40, tell));
    expect(verdict.status).toBe('violated');
    expect(verdict.violations[0]?.message).toContain(`${ALIAS} left k1`);
  });

  test('is found when people were told of a failure before it was due', () => {
    expect(retirementWith(after(3, alert(`${A2}/${AT}`))).status).toBe('violated');
  });

  test('is found when people kept the key still long before', () => {
    expect(retirementWith((s) => { hold(s); s.wait(20 * DAY); release(s); }).status).toBe('violated');
  });

  test('is excused when people kept the key still until a week before', () => {
    expect(retirementWith((s) => { hold(s); s.wait(63 * DAY); release(s); }).violations).toEqual([]);
  });

  test.each<[string, Tell]>([
    ...STANDSTILLS,
    ['that it stays', alert('retirement-pending/orders/v1')],
    ['a question about it', alert('approval/1', 'approval: disable')],
  ])('is excused when people were told of %s', (_, tell) => {
    expect(retirementWith(after(40, tell)).violations.filter(({ message }) => message.includes('not disabled'))).toEqual([]);
  });
});
