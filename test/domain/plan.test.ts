import fc from 'fast-check';
import { plusSeconds, type Instant } from '../../lambdas/domain/instant';
import { completeRun, type Holder } from '../../lambdas/domain/lease';
import type { ManagedKey, Note } from '../../lambdas/domain/managed-key';
import { planOf, type DependentAnswer, type KeyPlan, type PlanMaterial } from '../../lambdas/domain/plan';
import type { Executions } from '../../lambdas/ports/outside';
import type { Registry } from '../../lambdas/ports/registry';
import { startDueRotations, type StartDueRotationsOutput } from '../../lambdas/tasks/start-due-rotations';
import { attempt, bootstrapped, claimed, disabled, draining, LATE, LivingKey, NEXT_AT, NEXT_WINDOW, prepare, registered, REGISTERED_AT, revoked } from './living-key';
import { endangered, IN_DRAIN, inEmergency, leftPending } from './runs';

const NOTE: Note = { by: 'alice', at: REGISTERED_AT, reason: 'audit' };
const OPEN = { freeze: null, executions: new Map(), approvals: [], answers: [] } as const;
const planAt = (key: ManagedKey, at: Instant, more: Partial<PlanMaterial> = {}): KeyPlan => planOf({ ...OPEN, key, at, ...more });

/** What Step Functions would say of each name. */
type World = ReadonlyMap<string, 'RUNNING' | 'CLOSED'>;

/** What the starter itself does, on a registry that holds one key. */
async function firing(key: ManagedKey, freeze: Note | null, at: Instant, holder: Holder | undefined, world: World): Promise<StartDueRotationsOutput> {
  const living = new LivingKey();
  living.state = key;
  const registry: Pick<Registry, 'dueCandidates' | 'read' | 'transact'> = {
    dueCandidates: async (until) => (key.dueAt <= until ? [key.name] : []),
    read: async () => ({ key: living.key, freeze }),
    transact: async (_name, decide) => {
      living.apply(decide(living.key));
      return living.key;
    },
  };
  const executions: Pick<Executions, 'start' | 'status' | 'closedAt'> = {
    start: async (name) => (world.has(name) ? 'exists' : 'started'),
    status: async (name) => world.get(name),
    closedAt: async () => holder?.closedAt ?? null,
  };
  return startDueRotations({ registry: registry as Registry, executions: executions as Executions })({ scheduledTime: at });
}

/** The plan as one firing's output. */
function asOutput({ key: name, now }: KeyPlan, key: ManagedKey, at: Instant): StartDueRotationsOutput {
  const isCandidate = key.dueAt <= at;
  return {
    started: now.kind === 'start' ? [now.rotationId] : [],
    running: now.kind === 'running' ? [now.rotationId] : [],
    skipped: now.kind === 'wait' && isCandidate ? [{ key: name, reason: now.reason }] : [],
    failed: [],
  };
}

const LIVES: readonly (() => LivingKey)[] = [registered, claimed, bootstrapped, draining, disabled, revoked, leftPending, leftPending, leftPending, endangered, inEmergency, () => prepare(claimed(), 1)];
const DAYS = fc.integer({ min: -40, max: 500 });

test('the plan and the starter agree, whatever the registry holds', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        life: fc.constantFrom(...LIVES),
        days: DAYS,
        seconds: fc.integer({ min: 0, max: 86_399 }),
        isHeld: fc.boolean(),
        pauseDays: fc.option(DAYS),
        isQuarantined: fc.integer({ min: 0, max: 5 }),
        isFrozen: fc.integer({ min: 0, max: 9 }),
        isRemoved: fc.integer({ min: 0, max: 9 }),
        closedDays: fc.option(DAYS),
        lastAttempt: fc.option(fc.integer({ min: 1, max: 3 })),
        names: fc.array(fc.constantFrom<'RUNNING' | 'CLOSED' | 'none'>('RUNNING', 'CLOSED', 'CLOSED', 'none'), { minLength: 2, maxLength: 2 }),
      }),
      async ({ life, days, seconds, isHeld, pauseDays, isQuarantined, isFrozen, isRemoved, closedDays, lastAttempt, names }) => {
        const made = life().key;
        const at = plusSeconds(NEXT_AT, days * 86_400 + seconds);
        const key: ManagedKey = {
          ...made,
          hold: isHeld ? NOTE : null,
          pause: pauseDays === null ? null : { ...NOTE, until: plusSeconds(NEXT_AT, pauseDays * 86_400) },
          quarantine: isQuarantined === 0 ? NOTE : null,
          removed: isRemoved === 0,
          window: made.window === null ? null : { ...made.window, ...(lastAttempt === null ? {} : { lastAttempt }) },
        };
        const freeze = isFrozen === 0 ? NOTE : null;
        const holder: Holder | undefined = key.lease === null ? undefined : { rotationId: key.lease.rotationId, closedAt: closedDays === null ? null : plusSeconds(NEXT_AT, closedDays * 86_400) };
        // Names are known to the world as soon as the plan would use them.
        const world = new Map<string, 'RUNNING' | 'CLOSED'>();
        let plan = planAt(key, at, { freeze, holder, executions: world });
        for (const status of names) {
          if (plan.now.kind !== 'start' || status === 'none') break;
          world.set(plan.now.rotationId, status);
          plan = planAt(key, at, { freeze, holder, executions: world });
        }
        expect(asOutput(plan, key, at)).toEqual(await firing(key, freeze, at, holder, world));
        seen.add(`${plan.now.kind}${plan.now.kind === 'start' ? ` ${plan.now.run.kind}` : ''}`);
        if (plan.next === null) return;
        // What it says of later is what the starter does then, and not before.
        expect(world.has(plan.next.rotationId)).toBe(false);
        // One firing raises one name that is used up; the next goes on.
        if ([...world.values()].filter((status) => status === 'CLOSED').length > 1) return;
        const later = await firing(key, freeze, plan.next.at, holder, world);
        expect(later.started).toEqual([plan.next.rotationId]);
        if (plan.next.at > at) expect((await firing(key, freeze, plusSeconds(plan.next.at, -1), holder, world)).started).not.toEqual([plan.next.rotationId]);
      },
    ),
    { numRuns: 1000, seed: 4 },
  );
  expect([...seen].sort()).toEqual(['running', 'start emergency', 'start retirement', 'start rotation', 'wait']);
});

describe('the first start that time alone brings', () => {
  test('is found behind a pause', () => {
    const key = { ...bootstrapped({ startSpreadSeconds: 0 }).key, pause: { ...NOTE, until: '2026-07-05T10:00:00.000Z' } };
    expect(planAt(key, NEXT_AT)).toMatchObject({ now: { kind: 'wait', reason: expect.stringContaining('paused by alice') }, next: { at: '2026-07-05T10:00:00.000Z', rotationId: `orders-${NEXT_WINDOW}-a1` } });
  });

  test.each<[string, Partial<ManagedKey>, Partial<PlanMaterial>, RegExp]>([
    ['a hold', { hold: NOTE }, {}, /^held by alice/],
    ['a quarantine', { quarantine: NOTE }, {}, /^quarantined since/],
    ['the end of its configuration', { removed: true }, {}, /removed from the configuration/],
    ['a freeze', {}, { freeze: NOTE }, /^frozen: audit/],
  ])('is none behind %s', (_, change, more, reason) => {
    const key = { ...bootstrapped({ startSpreadSeconds: 0 }).key, ...change };
    expect(planAt(key, NEXT_AT, more)).toMatchObject({ now: { kind: 'wait', reason: expect.stringMatching(reason) }, next: null });
  });
});

describe('the next start', () => {
  const first = `orders-${endangered().key.emergency?.window ?? ''}-e1`;
  const second = first.replace(/1$/, '2');

  test('is under the name that the schedule starts now, when the one before is used up', () => {
    expect(planAt(endangered().key, NEXT_AT, { executions: new Map([[first, 'CLOSED']]) })).toMatchObject({ now: { kind: 'start', rotationId: second }, next: { at: NEXT_AT, rotationId: second } });
  });

  test('is not that of a run that is under way', () => {
    expect(planAt(endangered().key, NEXT_AT, { executions: new Map([[first, 'RUNNING']]) })).toMatchObject({ now: { kind: 'running', rotationId: first }, next: null });
  });
});

describe('the steps of a run', () => {
  test('of a window: with its dependents, the drain, and the consent that a deletion needs', () => {
    const { now } = planAt(bootstrapped({ startSpreadSeconds: 0, retirement: 'delete', autoDelete: false, dependents: [{ name: 'orders-api', kind: 'event', principal: 'arn', acknowledgeWithinSeconds: 86_400 }] }).key, NEXT_AT);
    const steps = now.kind === 'start' ? now.steps : [];
    expect(steps[0]).toBe('create v2 of orders');
    expect(steps).toContainEqual(expect.stringMatching(/^ask orders-api \(at most 1d\)$/));
    expect(steps).toContainEqual('point alias/orders to v2 instead of v1');
    expect(steps).toContainEqual(expect.stringMatching(/^let v1 drain for at least 30d, then disable it$/));
    expect(steps.at(-1)).toMatch(/then schedule its deletion in \d+ days, once a person has approved it$/);
  });

  test('of the first version: nobody is asked, nothing ends', () => {
    const { now } = planAt(registered().key, REGISTERED_AT);
    expect(now).toMatchObject({ kind: 'start', steps: ['create v1 of orders', 'point alias/orders to v1'] });
  });

  test('of a retirement run end the version that was left', () => {
    const plan = planAt(leftPending().key, plusSeconds(IN_DRAIN, 86_400 * 2));
    expect(plan.now).toMatchObject({ kind: 'start', run: { kind: 'retirement', number: 1 }, steps: [expect.stringMatching(/^let v1 drain until 2026-/), expect.stringContaining('schedule its deletion')] });
  });

  test('say what stands in the way of taking over from an execution that has just ended', () => {
    const { key } = draining({ startSpreadSeconds: 0 });
    const holder = { rotationId: key.lease!.rotationId, closedAt: LATE };
    expect(planAt(key, LATE, { holder }).now).toMatchObject({ kind: 'start', steps: [expect.stringContaining('is taken over from')] });
    expect(planAt(key, LATE, { holder }).owner).toMatchObject({ waitsFor: expect.arrayContaining([`nothing: it ended at ${LATE} and still holds the lease`]) });
  });
});

describe('what is waited for', () => {
  const silent: DependentAnswer = { version: 1, dependent: 'orders-api', phase: 'ready', verdict: 'silent' };

  test('by an owner: its dependents, by name', () => {
    const { key } = prepare(claimed(), 1);
    const answers = [silent, { ...silent, dependent: 'archive', verdict: 'no' as const }, { ...silent, dependent: 'done', verdict: 'yes' as const }];
    expect(planAt(key, NEXT_AT, { answers }).owner).toEqual({
      rotationId: key.lease?.rotationId,
      since: key.lease?.grantedAt,
      waitsFor: ['orders-api, which has not answered whether v1 is ready', 'archive, which said no whether v1 is ready'],
    });
  });

  test('by a retirement: its drain, its dependents, a hold, an approval', () => {
    const { key } = draining({ autoDelete: false });
    const released: DependentAnswer = { ...silent, phase: 'released' };
    expect(planAt(key, IN_DRAIN, { answers: [released] }).retirements).toEqual([
      { version: 1, step: 'disable', notBefore: expect.any(String), waitsFor: [expect.stringMatching(/^its drain, until 2026-/), 'orders-api, which has not answered whether v1 is released'] },
    ]);
    expect(planAt({ ...key, hold: NOTE }, LATE).retirements[0]?.waitsFor).toEqual([expect.stringContaining('held by alice')]);
    expect(planAt(disabled({ autoDelete: false }).key, '2027-06-01T00:00:00.000Z').retirements[0]).toMatchObject({ step: 'revoke', waitsFor: ['an approval that is bound to it'] });
  });

  test('by a version whose retirement was left: its run', () => {
    const living = draining();
    living.apply(completeRun(living.key, living.owner(), attempt(1, NEXT_WINDOW), IN_DRAIN, { version: 1, reason: 'held' }));
    expect(planAt(living.key, IN_DRAIN).retirements[0]?.waitsFor).toContainEqual(expect.stringMatching(/^a retirement run, from 2026-/));
  });

  test('by people: a freeze and an overdue key', () => {
    expect(planAt(bootstrapped().key, LATE, { freeze: NOTE }).needsPerson).toEqual([expect.stringMatching(/^frozen since .* by alice: audit$/), expect.stringMatching(/^overdue since 2026-/)]);
  });
});
