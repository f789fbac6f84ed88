import { instantOf } from '../../lambdas/domain/instant';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { edit, endings, kmsChanges, statuses, traceLength } from '../support/outsider';
import { policyOf } from '../support/policies';

const WINDOW = '20260521T0000Z';
const input = { key: 'orders', window: WINDOW, attempt: 1 };
const NAME = `orders-${WINDOW}-a1`;

/** Calls of KMS, whether they change anything or not. */
const kmsCalls = (scenario: Scenario) => scenario.world.calls.filter(({ service }) => service === 'kms');

describe('one window', () => {
  test('gets one execution and one version from two schedules and a person at once', async () => {
    const scenario = await Scenario.registered();
    const started = await Promise.allSettled([
      scenario.world.fireSchedule(),
      scenario.world.fireSchedule(),
      Promise.resolve().then(() => scenario.world.startExecution(NAME, input)),
    ]);
    expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    await scenario.advance(HOUR);
    expect(endings(scenario)).toEqual([`${NAME}: completed`]);
    expect(scenario.createdKeys()).toHaveLength(1);
    expect(scenario.violations()).toEqual([]);
  });

  test('is not started again by late and repeated firings of its own time', async () => {
    const scenario = await Scenario.bootstrapped();
    const calls = kmsCalls(scenario).length;
    await Promise.all([1, 2, 3].map(async (hours) => scenario.world.fireSchedule(scenario.world.timeline.nowMs() - hours * HOUR)));
    await scenario.advance(HOUR);
    expect(endings(scenario)).toHaveLength(1);
    expect(kmsCalls(scenario)).toHaveLength(calls);
  });

  test('takes the place of all windows that were missed', async () => {
    const scenario = await Scenario.bootstrapped();
    await scenario.advance(75 * DAY);
    await scenario.pass(12 * DAY);
    expect(endings(scenario)).toEqual([`${NAME}: completed`, 'orders-20260809T0000Z-a1: completed']);
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });

  test('starts no earlier than the spread of its key allows', async () => {
    const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, startSpreadSeconds: 86_400 }));
    const { dueAt } = await scenario.key();
    const due = Date.parse(dueAt);
    expect(due).toBeGreaterThan(Date.UTC(2026, 5, 10));
    await scenario.world.timeline.runUntil(due - 1000);
    await scenario.world.fireSchedule();
    await scenario.world.timeline.settle();
    expect((await scenario.key()).lease).toBeNull();
    await scenario.world.timeline.runUntil(due);
    await scenario.world.fireSchedule();
    await scenario.world.timeline.settle();
    expect((await scenario.key()).lease?.rotationId).toBe('orders-20260610T0000Z-a1');
  });
});

describe('a start by hand', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    ['under a foreign name', 'my-rotation', input, 'aborted'],
    ['under the name of another attempt', `orders-${WINDOW}-a2`, input, 'aborted'],
    ['of an attempt that is not next', `orders-${WINDOW}-a2`, { ...input, attempt: 2 }, 'aborted'],
    ['of a window that has not begun', 'orders-20260610T0000Z-a1', { ...input, window: '20260610T0000Z' }, 'aborted'],
    ['of a window that is none', 'orders-20260522T0000Z-a1', { ...input, window: '20260522T0000Z' }, 'aborted'],
    ['with a field more', NAME, { ...input, now: '2026-06-01T12:00:00Z' }, 'FAILED'],
    ['with a field less', NAME, { key: 'orders', window: WINDOW }, 'FAILED'],
    ['with an attempt as text', NAME, { ...input, attempt: '1' }, 'FAILED'],
  ])('%s is refused before any call of KMS, and the window is rotated all the same', async (_, name, wrong, ending) => {
    const scenario = await Scenario.registered();
    scenario.world.startExecution(name, wrong as never);
    await scenario.advance(HOUR);
    expect(endings(scenario)).toEqual([`${name}: ${ending}`]);
    expect(kmsCalls(scenario)).toEqual([]);
    expect(await scenario.key()).toMatchObject({ lease: null, fence: 0, versions: {}, quarantine: null });

    await scenario.pass(DAY);
    expect(await statuses(scenario)).toBe('v1 ACTIVE');
    expect(scenario.createdKeys()).toHaveLength(1);
    // An input that no task ever saw is alerted by the machine's alarm on failed executions, which this world does not have.
    expect(scenario.violations()).toEqual(ending === 'FAILED' ? [expect.stringContaining('nobody was alerted')] : []);
  });

  test('of a window that is completed ends as superseded without an alert', async () => {
    const scenario = await Scenario.bootstrapped();
    const from = traceLength(scenario);
    scenario.world.startExecution(`orders-${WINDOW}-a2`, { ...input, attempt: 2 });
    await scenario.advance(HOUR);
    expect(endings(scenario).at(-1)).toBe(`orders-${WINDOW}-a2: superseded`);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(scenario.alerts()).toEqual([]);
  });

  test('of the next attempt while one is running ends as superseded and disturbs nothing', async () => {
    const scenario = await Scenario.registered();
    await scenario.world.fireSchedule();
    await scenario.world.timeline.settle();
    scenario.world.startExecution(`orders-${WINDOW}-a2`, { ...input, attempt: 2 });
    await scenario.advance(HOUR);
    expect([...endings(scenario)].sort()).toEqual([`${NAME}: completed`, `orders-${WINDOW}-a2: superseded`]);
    expect(scenario.createdKeys()).toHaveLength(1);
    expect(scenario.alerts()).toEqual([]);
    expect(scenario.violations()).toEqual([]);
  });

  test('of a key that is not registered ends without a call of KMS, with an alert', async () => {
    const scenario = await Scenario.registered();
    scenario.world.startExecution(`payments-${WINDOW}-a1`, { ...input, key: 'payments' });
    await scenario.advance(HOUR);
    expect(kmsCalls(scenario)).toEqual([]);
    expect(endings(scenario)).toEqual([`payments-${WINDOW}-a1: aborted`]);
    expect(scenario.alerts()).toEqual(['keyturn: payments: non-recoverable failure in Claim Rotation']);
  });
});

describe('the starter', () => {
  const note = { by: 'a person', at: '2026-06-01T00:00:00.000Z', reason: 'audit' };
  test.each<[string, object, RegExp]>([
    ['held', { hold: note }, /held by a person: audit/],
    ['quarantined', { quarantine: note }, /quarantined since .* by a person: audit/],
    ['paused', { pause: { ...note, until: '2026-06-09T00:00:00.000Z' } }, /paused by a person until 2026-06-09/],
    ['removed', { removed: true }, /removed from the configuration/],
  ])('skips a key that is %s, with the reason', async (_, change, reason) => {
    const scenario = await Scenario.registered();
    await edit(scenario, () => change);
    const result = await scenario.world.fireSchedule();
    expect(result).toMatchObject({ ok: true, payload: { started: [], skipped: [{ key: 'orders', reason: expect.stringMatching(reason) }] } });
  });

  test('starts a paused key once the pause is over', async () => {
    const scenario = await Scenario.registered();
    await edit(scenario, () => ({ pause: { ...note, until: '2026-06-09T00:00:00.000Z' } }));
    const result = await scenario.world.fireSchedule(Date.UTC(2026, 5, 9));
    expect(result).toMatchObject({ ok: true, payload: { started: [NAME] } });
  });

  test('skips a frozen key', async () => {
    const scenario = await Scenario.registered();
    await scenario.world.composition('classify-failure').registry().freeze('orders', note);
    expect(await scenario.world.fireSchedule()).toMatchObject({ ok: true, payload: { started: [], skipped: [{ reason: 'frozen: audit' }] } });
  });

  test("starts every other key when one key's start fails", async () => {
    const scenario = new Scenario();
    await scenario.world.register([policyOf({ ...SHORT, name: 'broken' }), policyOf({ ...SHORT, name: 'fine' })]);
    scenario.world.fault = ({ input: request, operation }) => (operation === 'StartExecution' && JSON.stringify(request).includes('broken') ? 'lose-answer' : 'none');
    expect(await scenario.world.fireSchedule()).toMatchObject({
      ok: true,
      payload: { started: [`fine-${WINDOW}-a1`], failed: [{ key: 'broken', error: expect.stringContaining('Throttled') }] },
    });
    // The lost start took place; the next firing finds it running.
    scenario.world.fault = () => 'none';
    const again = await scenario.world.fireSchedule();
    expect(again).toMatchObject({ ok: true, payload: { failed: [] } });
    await scenario.advance(HOUR);
    expect(endings(scenario)).toHaveLength(2);
    expect(scenario.createdKeys()).toHaveLength(2);
  });

  test('reads the time of the schedule, not of its delivery', async () => {
    const scenario = await Scenario.registered();
    await scenario.advance(15 * DAY);
    const result = await scenario.world.fireSchedule(Date.parse('2026-06-01T12:00:00Z'));
    expect(result).toMatchObject({ ok: true, payload: { started: [NAME] } });
    expect(instantOf(scenario.world.timeline.nowMs())).toBe('2026-06-16T12:00:00.000Z');
  });
});
