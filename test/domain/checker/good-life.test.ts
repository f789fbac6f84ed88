import { check, summarize } from '../../../lambdas/domain/checker';
import type { TraceEvent } from '../../../lambdas/domain/trace';
import { abort, ALIAS, claim, story, verdictOf } from './story';

const RARE = ['8 nothing is done for Q after settling', '10 every failed rotation is alerted', '10 one alert per failure'];

describe('a good life', () => {
  test('holds every invariant, and each verdict rests on facts', () => {
    for (const verdict of check(story().events)) {
      expect(verdict).toMatchObject({ violations: [], status: RARE.includes(verdict.invariant) ? 'not-checkable' : 'held' });
      if (verdict.status === 'held') expect(verdict.restsOn).toBeGreaterThan(0);
    }
  });

  test('with an aborted, alerted rotation after it holds the rest, too', () => {
    const s = story();
    const id = 'orders-20260630T0000Z-a1';
    s.wait(80 * 86_400);
    claim(s, id, '20260630T0000Z');
    s.emit('states.state-entered', { execution: id, state: 'Classify Failure' });
    s.alert();
    abort(s, id);
    s.end(id, 'SUCCEEDED', 'aborted');
    for (const invariant of RARE) expect(verdictOf(s, invariant)).toMatchObject({ status: 'held', violations: [] });
    expect(summarize(check(s.events))).toMatchObject({ violations: 0, notCheckable: 0 });
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
