import { TAKEOVER_SECONDS } from '../../../lambdas/contract/timing';
import { plusSeconds } from '../../../lambdas/domain/instant';
import { check, summarize } from '../../../lambdas/domain/checker';
import type { TraceEvent } from '../../../lambdas/domain/trace';
import { abort, A2, ALIAS, ALICE, BOB, claim, complete, DAY, emergency, story, verdictOf, type Story } from './story';

const RESCUER = 'arn:aws:sts::111122223333:assumed-role/keyturn-rescue-version/x';

/** What a quiet life never meets. */
const RARE = [
  '6 an emergency is approved', '6 a freeze ends by an approved repair', '6 a retirement is taken back by a rescue only', '6 a version returns by a rescue only', '8 nothing is done for Q after settling',
  '10 every failed rotation is alerted', '10 one alert per failure', '10 one alert per question', '10 an end with the lease is alerted', '10 a queued alert stays until it is published',
  '6 only the version of an emergency is marked as compromised', '6 a late user is rescued', '10 queued alerts are published', '10 what somebody else did to a key is told of', '6 an orphan is deleted only with consent',
];

/** Where there is a registry, its evidence is judged instead. */
const WITHOUT_REGISTRY = '4 a key that is in use is not disabled';

/** A rescue while v1 bakes: the key is held, enabled, disabled again; then all goes on. */
function rescued(s: Story, original: () => void): void {
  s.use('Decrypt', 'k1', 'DisabledException');
  s.as({ actor: RESCUER, traceId: undefined }, () => {
    const note = { by: 'rescue-version', at: s.now, reason: 'late user' };
    s.write('RescueIntended', 'rescue-version', (key) => ({ ...key, hold: note, rescues: { v1: note } }));
    s.setState('k1', 'Enabled');
    s.write('VersionRescued', 'rescue-version', (key) => {
      const { disabledAt: _disabledAt, revokeNotBefore: _revokeNotBefore, ...v1 } = key.versions['v1']!;
      return { ...key, rescues: {}, versions: { ...key.versions, v1: { ...v1, status: 'DEPRECATED' } } };
    });
    s.write('HoldReleased', ALICE, { hold: null });
  });
  s.wait(2 * DAY);
  s.write('DisableIntended', A2, { intent: { kind: 'disable', version: 1, at: s.now } });
  s.setState('k1', 'Disabled');
  s.write('VersionDisabled', A2, (key) => ({ ...s.version(1, { status: 'DISABLED', disabledAt: s.now, revokeNotBefore: plusSeconds(s.now, 7 * DAY) })(key), intent: null }));
  original();
}

describe('a good life', () => {
  test('holds every invariant, and each verdict rests on facts', () => {
    for (const verdict of check(story().events)) {
      expect(verdict).toMatchObject({ violations: [], status: [...RARE, WITHOUT_REGISTRY].includes(verdict.invariant) ? 'not-checkable' : 'held' });
      if (verdict.status === 'held') expect(verdict.restsOn).toBeGreaterThan(0);
    }
  });

  test('with a rescue, an aborted rotation, one that was stopped, an emergency and a repair after it holds the rest, too', () => {
    const s = story({ bake: rescued });
    const id = 'orders-20260630T0000Z-a1';
    s.wait(80 * DAY);
    claim(s, id, '20260630T0000Z');
    s.emit('states.state-entered', { execution: id, state: 'Classify Failure' });
    s.queue('failure');
    s.alert('orders', 'failure');
    s.strike('failure');
    s.emit('states.state-entered', { execution: id, state: 'Await Approval' });
    s.alert('orders', 'approval/1');
    abort(s, id);
    s.end(id, 'SUCCEEDED', 'aborted');

    const stopped = 'orders-20260630T0000Z-a2';
    claim(s, stopped, '20260630T0000Z');
    s.end(stopped, 'ABORTED');
    s.wait(60);
    s.write('KeyQuarantined', 'handler', { quarantine: { by: 'x', at: s.now, reason: 'y' } });
    s.alert('orders', `${stopped}/ended`);
    s.write('QuarantineLifted', ALICE, { quarantine: null });
    s.wait(TAKEOVER_SECONDS);
    s.approval({ purpose: 'emergency', version: 2, requestedBy: BOB });
    s.write('EmergencyApproved', ALICE, { emergency: emergency(s, 2) });
    claim(s, 'orders-20260630T0000Z-e1', '20260630T0000Z');
    s.write('FailureRecorded', 'orders-20260630T0000Z-e1', s.version(2, { compromisedAt: s.now }));
    complete(s, 'orders-20260630T0000Z-e1');
    s.as({ actor: ALICE }, () => s.point(ALIAS, 'k9'));
    s.freeze();
    s.alert('orders', 'reconcile/orders/frozen/x', `${ALIAS} points to k9, the registry expects k2`);
    s.as({ actor: ALICE }, () => s.point(ALIAS, 'k2'));
    s.approval({ id: 'b'.repeat(20), purpose: 'repair', requestedBy: BOB });
    s.lift('FreezeLifted', { approval: 'b'.repeat(20) });
    s.createKey('k77');
    s.approval({ id: 'c'.repeat(20), purpose: 'delete-orphan', requestedBy: BOB, facts: { kmsKeyId: 'k77' } });
    s.setState('k77', 'PendingDeletion');
    for (const invariant of RARE) expect(verdictOf(s, invariant)).toMatchObject({ status: 'held', violations: [] });
    expect(summarize(check(s.events))).toMatchObject({ violations: 0, notCheckable: 1 });
    expect(verdictOf(s, WITHOUT_REGISTRY).status).toBe('not-checkable');
  });

  test('of nothing proves nothing', () => {
    for (const verdict of check([])) {
      expect(verdict).toMatchObject({ status: 'not-checkable', restsOn: 0, violations: [] });
      expect(verdict.reason).toMatch(/\w/);
    }
    expect(summarize(check([])).checked).toBe(0);
  });

  test('covers all twelve invariants, in order', () => {
    const numbers = check([]).map(({ invariant }) => Number.parseInt(invariant, 10));
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
    expect([...new Set(numbers)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test('in another table is not looked at when the registry is named', () => {
    expect(verdictOf(story(), '2 exactly one ACTIVE version', { registryTable: 'another' }).status).toBe('not-checkable');
  });

  test('of somebody else is never blamed on keyturn', () => {
    const verdicts = check(story({ drain: () => undefined, bake: () => undefined, ready: () => undefined }).events, { isKeyturn: () => false });
    expect(summarize(verdicts).violations).toBe(0);
  });

  test('can be read from the middle, when the registry shows what was before', () => {
    const whole = story().events;
    const from = whole.findIndex((event) => event.type === 'states.execution-started' && event.execution.includes('20260401'));
    expect(summarize(check(whole.slice(from))).violations).toBe(0);
  });

  test('of 200,000 events is checked within seconds', () => {
    const life = story({
      useNew: (s, original) => {
        for (let call = 0; call < 200; call++) s.use('Encrypt', ALIAS);
        original();
      },
    }).events;
    const events: TraceEvent[] = [];
    while (events.length < 200_000) {
      const table = `registry-${events.length}`;
      for (const event of life) {
        const told = { ...event, seq: events.length };
        events.push(told.type === 'dynamodb.item-written' ? { ...told, table, transactionId: `${table} ${told.transactionId ?? told.seq}` } : told);
      }
    }
    const startedAt = performance.now();
    check(events);
    // A fifth of it on an idle machine.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});
