import { check } from '../../lambdas/domain/checker';
import { DESIGN_NAMES, DESIGNS, type DesignName, type Rotator } from '../../local/simulator/controls';
import type { Fault, FaultPoint } from '../../local/simulator/invocations';
import { World } from '../../local/simulator/world';
import { policyOf } from '../support/policies';
import { DAY, HOUR, SHORT, START_MS } from '../support/scenario';

const POLICY = policyOf({ ...SHORT, dependents: [] });
const WINDOW_MS = Date.UTC(2026, 5, 10);

/** One key under one design: its pools look twice a day. */
class Life {
  readonly world = new World({ startMs: START_MS });
  private rotator: Rotator | undefined;

  constructor(private readonly name: DesignName) {}

  async begin(): Promise<this> {
    this.rotator = await DESIGNS[this.name].prepare(this.world, [POLICY]);
    return this;
  }

  /** @param minutesApart how long after the first pool the second one looks */
  async pass(days: number, pools: readonly string[] = ['pool-a'], minutesApart = 0): Promise<void> {
    const endMs = this.world.timeline.nowMs() + days * DAY;
    while (this.world.timeline.nowMs() < endMs) {
      const scheduledMs = this.world.timeline.nowMs();
      pools.forEach((pool, position) => this.world.timeline.after(position * minutesApart * 60_000, `${pool} looks`, () => this.rotator?.trigger(pool, scheduledMs)));
      await this.world.timeline.runUntil(scheduledMs + 12 * HOUR);
    }
  }

  rotateByHand(): void {
    this.rotator?.rotateByHand('pool-b', POLICY.name);
  }

  /** The fault comes at the nth call of the operation, from 0. */
  disturb(operation: string, fault: Fault, nth = 0): void {
    let seen = 0;
    this.world.fault = (point: FaultPoint) => (point.operation === operation && seen++ === nth ? fault : 'none');
  }

  /** Of every key that was ever made, in order. */
  states(): readonly string[] {
    const { keys } = this.world.kms.snapshot();
    return this.made().map((made) => keys.find(({ id }) => id === made)?.state ?? 'Deleted');
  }

  /** Which of them the alias points to, from 1. */
  target(): number {
    const target = this.world.kms.snapshot().aliases.find(({ name }) => name === POLICY.alias)?.targetKeyId;
    return 1 + this.made().findIndex((id) => id === target);
  }

  private made(): readonly string[] {
    return this.world.trace.events().flatMap((event) => (event.type === 'kms.key-created' ? [event.keyId] : []));
  }

  alerts(): number {
    return this.world.trace.events().filter(({ type }) => type === 'sns.published').length;
  }

  /** Invariants that are violated, once each. */
  violated(): readonly string[] {
    const { isRotator, hasRegistry } = DESIGNS[this.name];
    const verdicts = check(this.world.trace.events(), { isKeyturn: isRotator, promises: hasRegistry ? [] : [POLICY], untilMs: this.world.timeline.nowMs() });
    return verdicts.filter(({ status }) => status === 'violated').map(({ invariant }) => invariant);
  }
}

const CONTROLS = ['cron', 'lease-lock'] as const;
const ONE_KEY = '1 the alias gets one new key per window';
const KNOWN = '1 every key that is made is known';
const DRAINS = '4 a key drains as long as was promised';
const RETIRED = '12 old keys are retired or told of';

test.each(DESIGN_NAMES)('%s rotates every window and retires every old key, where nothing goes wrong', async (name) => {
  const life = await new Life(name).begin();
  await life.pass(62);
  expect(life.violated()).toEqual([]);
  expect(life.alerts()).toBe(0);
  expect(life.target()).toBe(4);
  expect(life.states()).toEqual(['Deleted', 'PendingDeletion', 'PendingDeletion', 'Enabled']);
});

test.each(CONTROLS)('%s rotates once per window from two pools that look one after the other', async (name) => {
  const life = await new Life(name).begin();
  await life.pass(40, ['pool-a', 'pool-b'], 3);
  expect(life.violated()).toEqual([]);
  expect(life.states()).toHaveLength(3);
});

test.each<[DesignName, readonly string[], number]>([
  ['cron', [ONE_KEY], 3],
  ['lease-lock', [], 2],
  ['keyturn', [], 2],
])('two pools at once: %s violates %j', async (name, violated, keys) => {
  const life = await new Life(name).begin();
  await life.pass(20, ['pool-a', 'pool-b']);
  expect(life.violated()).toEqual(violated);
  expect(life.states()).toHaveLength(keys);
});

test.each<[DesignName, readonly string[]]>([
  ['cron', [ONE_KEY, DRAINS]],
  ['lease-lock', [ONE_KEY, DRAINS]],
  ['keyturn', []],
])('a second job, by hand, in the drain of the first: %s violates %j', async (name, violated) => {
  const life = await new Life(name).begin();
  await life.pass((WINDOW_MS - START_MS) / DAY + 3);
  life.rotateByHand();
  await life.pass(15);
  expect(life.violated()).toEqual(violated);
});

describe.each(CONTROLS)('%s', (name) => {
  test.each<[string, string, Fault, readonly string[]]>([
    ['whose answer of CreateKey is lost makes a second key', 'CreateKey', 'lose-answer', [KNOWN]],
    ['that dies behind CreateKey makes a second key', 'CreateKey', 'die-after', [KNOWN]],
    ['that dies behind UpdateAlias forgets the old key', 'UpdateAlias', 'die-after', [RETIRED]],
    ['that dies before UpdateAlias starts again, with another key', 'UpdateAlias', 'die-before', [KNOWN]],
    ['that dies at DisableKey starts again, and goes on', 'DisableKey', 'die-after', []],
    ['whose answer of UpdateAlias is lost makes the call again', 'UpdateAlias', 'lose-answer', []],
  ])('%s', async (_, operation, fault, violated) => {
    const life = await new Life(name).begin();
    life.disturb(operation, fault);
    await life.pass(45);
    expect(life.violated()).toEqual(violated);
  });

  test('tells people when starting again does not help, and goes on at the next look', async () => {
    const life = await new Life(name).begin();
    await life.pass(8);
    let left = 9;
    life.world.fault = ({ operation }) => (operation === 'GetKeyPolicy' && left-- > 0 ? 'die-before' : 'none');
    await life.pass(10);
    expect(life.alerts()).toBe(3);
    expect(life.target()).toBe(2);
    expect(life.violated()).toEqual([]);
  });

  test('makes a call that is throttled again, three times at most', async () => {
    const life = await new Life(name).begin();
    await life.pass(8);
    life.world.fault = ({ operation }) => (operation === 'UpdateAlias' ? 'lose-answer' : 'none');
    await life.pass(1);
    const first = life.world.calls.findIndex(({ operation }) => operation === 'UpdateAlias');
    const tries = life.world.calls.slice(first).findIndex(({ operation }) => operation !== 'UpdateAlias');
    expect(tries).toBe(3);
  });
});

describe('the lease lock', () => {
  test('lets a second job wait: it then sees that the key is new', async () => {
    const life = await new Life('lease-lock').begin();
    await life.pass(20, ['pool-a', 'pool-b', 'pool-c']);
    expect(life.world.calls.filter(({ operation }) => operation === 'CreateKey')).toHaveLength(1);
  });

  test('is lost by a job that is paused behind its renewal: the alias gets two keys', async () => {
    const life = await new Life('lease-lock').begin();
    let isPaused = false;
    life.world.interceptAll = async (call, next) => {
      if (call.operation === 'UpdateAlias' && !isPaused) {
        isPaused = true;
        await life.world.sleep(3 * 60_000);
      }
      return next();
    };
    await life.pass(12, ['pool-a', 'pool-b']);
    expect(life.violated()).toContain(ONE_KEY);
    expect(life.states()).toHaveLength(3);
  });

  test('takes the lease of a dead job once it has expired, while its call is still under way: the alias gets two keys', async () => {
    const life = await new Life('lease-lock').begin();
    let isLate = false;
    life.world.fault = ({ operation, input }) => {
      if (operation !== 'UpdateAlias' || isLate) return 'none';
      isLate = true;
      const caller = { accountId: '111122223333', arn: life.world.actorOf('rotation-lease-lock@pool-a'), userId: 'x' };
      life.world.timeline.after(6 * 60_000, 'a late UpdateAlias', () => void life.world.kms.call('UpdateAlias', input, caller));
      return 'die-before';
    };
    await life.pass(12);
    expect(life.violated()).toContain(ONE_KEY);
  });
});
