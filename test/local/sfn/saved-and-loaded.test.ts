import fc from 'fast-check';
import type { Json } from '../../../lambdas/domain/trace';
import type { LambdaInvoker } from '../../../local/asl/lambda-integration';
import { INVOKE, INVOKE_AND_WAIT, lambdaOf, START_MS, StepFunctionsKit } from './kit';
import { definitionOf, randomMachine, type FailuresOf, type Step } from './random-machine';

/** Nothing generated lasts longer. */
const LIMIT_MS = START_MS + 600_000;

/** What happens from outside to the n-th task token at the k-th stop after it was given out. */
const answers = fc.array(
  fc.record({ what: fc.constantFrom('succeed', 'fail', 'heartbeat', 'nothing'), afterStops: fc.integer({ min: 0, max: 3 }) }),
  { minLength: 1, maxLength: 6 },
);
type Answers = readonly { readonly what: string; readonly afterStops: number }[];

/** The world around the service: functions and people. It goes on whatever becomes of the service. */
class World {
  readonly lambda: LambdaInvoker;
  private readonly calls = new Map<number, number>();
  private readonly tokens: { readonly token: string; readonly givenAtStop: number }[] = [];
  private drawn = 0;
  private stops = 0;

  constructor(
    failuresOf: FailuresOf,
    private readonly answers: Answers,
  ) {
    this.lambda = {
      invoke: async (_, payload) => {
        const { number, token } = payload as { readonly number: number; readonly token?: string };
        if (token !== undefined) this.tokens.push({ token, givenAtStop: this.stops });
        const call = this.calls.get(number) ?? 0;
        this.calls.set(number, call + 1);
        const error = failuresOf.get(number)?.[call];
        return error === undefined ? { ok: true, payload: { number, call } } : { ok: false, error, cause: `call ${call}` };
      },
    };
  }

  readonly random = (): number => ((++this.drawn * 7919) % 1000) / 1000;

  /** At a stop of the clock, some of the tokens are answered. */
  act(kit: StepFunctionsKit): void {
    this.stops++;
    this.tokens.forEach(({ token, givenAtStop }, index) => {
      const { what, afterStops } = this.answers[index % this.answers.length] ?? { what: 'nothing', afterStops: 0 };
      if (this.stops - givenAtStop !== afterStops + 1) return;
      try {
        if (what === 'succeed') kit.call('SendTaskSuccess', { taskToken: token, output: JSON.stringify({ index }) });
        if (what === 'fail') kit.call('SendTaskFailure', { taskToken: token, error: 'Broken', cause: `${index}` });
        if (what === 'heartbeat') kit.call('SendTaskHeartbeat', { taskToken: token });
      } catch (error) {
        expect(error).toMatchObject({ code: 'TaskTimedOut' });
      }
    });
  }
}

interface Case {
  readonly definition: Json;
  readonly failuresOf: FailuresOf;
  readonly answers: Answers;
  readonly redrives: number;
}

/** What can be seen of two executions of one machine from beginning to end, saved and loaded at the stops that `isSaved` names. */
async function play({ definition, failuresOf, answers: given, redrives }: Case, isSaved: (stop: number) => boolean, look: (saved: Json) => void = () => undefined): Promise<Json> {
  const world = new World(failuresOf, given);
  let kit = new StepFunctionsKit({ lambda: world.lambda, random: world.random });
  const machine = kit.create(definition);
  const executions = [kit.start(machine, { first: true }, 'first'), kit.start(machine, {}, 'second')];
  await kit.timeline.settle();
  let left = redrives;
  for (let stop = 0; ; stop++) {
    if (isSaved(stop)) {
      look(kit.service.save());
      kit = kit.reloaded();
    }
    for (const executionArn of executions) {
      const { redriveStatus } = kit.call('DescribeExecution', { executionArn });
      if (redriveStatus !== 'REDRIVABLE' || left-- <= 0) continue;
      kit.call('RedriveExecution', { executionArn });
      await kit.timeline.settle();
    }
    const nextMs = kit.timeline.nextAtMs();
    if (nextMs === undefined || nextMs > LIMIT_MS) break;
    await kit.timeline.runUntil(nextMs);
    world.act(kit);
    await kit.timeline.settle();
  }
  return {
    executions: executions.map((executionArn) => [kit.call('DescribeExecution', { executionArn }), kit.history(executionArn)]) as unknown as Json,
    trace: kit.trace.events() as unknown as Json,
    statusChanges: kit.statusChanges as unknown as Json,
  };
}

test('an execution that is saved and loaded whenever it rests goes on exactly as if it never had been', async () => {
  await fc.assert(
    fc.asyncProperty(randomMachine, answers, fc.integer({ min: 0, max: 3 }), fc.nat({ max: 12 }), async (random, given, redrives, once) => {
      const example: Case = { ...definitionOf(random), answers: given, redrives };
      const unsaved = await play(example, () => false);
      expect(await play(example, () => true)).toEqual(unsaved);
      expect(await play(example, (stop) => stop === once)).toEqual(unsaved);
    }),
    { numRuns: 40 },
  );
});

test('so does one that rests in every way there is', async () => {
  const handled = { retry: 3, isCaught: true } as const;
  const steps: readonly Step[] = [
    { kind: 'pass' },
    { kind: 'task', failures: ['Busy'], ...handled },
    {
      kind: 'parallel',
      branches: [
        [{ kind: 'pass' }, { kind: 'map', items: 4, atATime: 2, inner: [{ kind: 'callback', timeoutSeconds: 9, heartbeatSeconds: 4, retry: 1, isCaught: false }, { kind: 'pass' }], ...handled }, { kind: 'wait', seconds: 4 }],
        [{ kind: 'until', second: 8 }, { kind: 'task', failures: ['Busy', 'Broken', 'Busy'], retry: 1, isCaught: true }, { kind: 'pass' }],
      ],
      ...handled,
    },
    { kind: 'task', failures: ['Broken'], retry: null, isCaught: false },
    { kind: 'pass' },
  ];
  const what = ['succeed', 'heartbeat', 'nothing', 'fail'].map((each, index) => ({ what: each, afterStops: index % 2 }));
  const example: Case = { ...definitionOf({ steps, timeoutSeconds: 60 }), answers: what, redrives: 2 };
  const seen = new Set<string>();
  const unsaved = await play(example, () => false);
  expect(await play(example, () => true, (saved) => waysToRest(saved).forEach((way) => seen.add(way)))).toEqual(unsaved);
  expect([...seen].sort()).toEqual(['Map', 'Map with lanes done', 'Map with lanes not begun', 'Parallel', 'Parallel with lanes done', 'Task retries', 'Task waits for its token', 'Wait sleeps', 'ended', 'redriven']);
});

/** What there is in a saved service that rests. */
function waysToRest(saved: Json): readonly string[] {
  if (Array.isArray(saved)) return saved.flatMap(waysToRest);
  if (typeof saved !== 'object' || saved === null) return [];
  const { wake, task, lanes, status, redriveCount } = saved as { readonly [member: string]: Json };
  const { type } = saved as { readonly type: string };
  const jobs = (lanes as { readonly jobs: readonly { readonly lane: Json; readonly outcome: Json }[] } | null | undefined)?.jobs;
  const own = [
    [status !== undefined && status !== 'RUNNING', 'ended'],
    [redriveCount !== undefined && redriveCount !== 0, 'redriven'],
    [wake, `${type} ${type === 'Wait' ? 'sleeps' : 'retries'}`],
    [task, `${type} waits for its token`],
    [jobs, type],
    [jobs?.some(({ outcome }) => outcome !== null), `${type} with lanes done`],
    [jobs?.some(({ lane, outcome }) => lane === null && outcome === null), `${type} with lanes not begun`],
  ] as const;
  return [...own.flatMap(([isSo, way]) => (isSo === undefined || isSo === null || isSo === false ? [] : [way])), ...Object.values(saved).flatMap(waysToRest)];
}

describe('what is saved', () => {
  const CALLBACK = {
    QueryLanguage: 'JSONata',
    StartAt: 'T',
    States: {
      T: { Type: 'Task', Resource: INVOKE_AND_WAIT, Arguments: { FunctionName: 'f', Payload: '{% $states.context.Task.Token %}' }, TimeoutSeconds: 100, HeartbeatSeconds: 60, End: true },
    },
  };

  async function waiting(): Promise<{ readonly kit: StepFunctionsKit; readonly executionArn: string; readonly taskToken: string }> {
    let taskToken = '';
    const kit = new StepFunctionsKit({ lambda: lambdaOf((token) => ((taskToken = token as string), { ok: true, payload: null })) });
    const executionArn = kit.start(kit.create(CALLBACK), {}, 'n');
    await kit.pass(50);
    return { kit: kit.reloaded(), executionArn, taskToken };
  }

  const status = (kit: StepFunctionsKit, executionArn: string): Json => kit.call('DescribeExecution', { executionArn })['status'] ?? null;

  test('a task that waits takes the answer to its token, once', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    kit.call('SendTaskSuccess', { taskToken, output: '"yes"' });
    await kit.pass(0);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: '"yes"' });
    for (const later of [kit, kit.reloaded()]) {
      expect(() => later.call('SendTaskFailure', { taskToken })).toThrow("Task Timed Out: 'Provided task does not exist anymore'");
    }
  });

  test('its heartbeats and time-outs are due when they were', async () => {
    const silent = await waiting();
    await silent.kit.pass(9);
    expect(status(silent.kit, silent.executionArn)).toBe('RUNNING');
    await silent.kit.pass(1);
    expect(status(silent.kit, silent.executionArn)).toBe('FAILED');
    const alive = await waiting();
    alive.kit.call('SendTaskHeartbeat', { taskToken: alive.taskToken });
    const kit = alive.kit.reloaded();
    await kit.pass(49);
    expect(status(kit, alive.executionArn)).toBe('RUNNING');
    await kit.pass(1);
    expect(status(kit, alive.executionArn)).toBe('FAILED');
  });

  test('an execution keeps its definition, its name for 90 days, and its redrives for 14', async () => {
    let isBroken = true;
    const kit = new StepFunctionsKit({ lambda: lambdaOf(() => (isBroken ? { ok: false, error: 'E', cause: '' } : { ok: true, payload: 1 })) });
    const task = { QueryLanguage: 'JSONata', StartAt: 'T', States: { T: { Type: 'Task', Resource: INVOKE, Arguments: { FunctionName: 'f' }, Output: 'old', End: true } } };
    const stateMachineArn = kit.create(task);
    const executionArn = kit.start(stateMachineArn, {}, 'n');
    await kit.pass(10);
    kit.call('UpdateStateMachine', { stateMachineArn, definition: JSON.stringify(CALLBACK) });
    kit.call('TagResource', { resourceArn: stateMachineArn, tags: [{ key: 'k', value: 'v' }] });
    isBroken = false;
    const later = kit.reloaded();
    for (const [operation, request] of [['DescribeStateMachine', { stateMachineArn }], ['DescribeStateMachineForExecution', { executionArn }], ['ListTagsForResource', { resourceArn: stateMachineArn }], ['ListExecutions', { stateMachineArn }]] as const) {
      expect(later.call(operation, request)).toEqual(kit.call(operation, request));
    }
    later.call('RedriveExecution', { executionArn });
    await later.pass(1);
    expect(later.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: '"old"', redriveCount: 1 });
    const muchLater = later.reloaded();
    await muchLater.pass(89 * 86_400);
    expect(() => muchLater.start(stateMachineArn, {}, 'n')).toThrow(`Execution Already Exists: '${executionArn}'`);
    await muchLater.pass(86_400);
    expect(muchLater.start(stateMachineArn, {}, 'n')).toBe(executionArn);
  });

  test('is JSON, and the same when it is saved twice', async () => {
    const { kit } = await waiting();
    const saved = kit.service.save();
    expect(JSON.parse(JSON.stringify(saved))).toEqual(saved);
    expect(kit.reloaded().service.save()).toEqual(saved);
  });

  test('is refused while a call is under way', async () => {
    const kit = new StepFunctionsKit({ lambda: { invoke: () => new Promise(() => undefined) } });
    kit.start(kit.create(CALLBACK), {}, 'n');
    await kit.pass(1);
    expect(() => kit.service.save()).toThrow('n cannot be saved while something in it is under way');
  });

  test('is refused, by place, when it is damaged', async () => {
    const { kit } = await waiting();
    const damaged = JSON.parse(JSON.stringify(kit.service.save()).replace('"hasReturned":true', '"hasReturned":"x"')) as Json;
    expect(() => new StepFunctionsKit().service.load(damaged)).toThrow(/hasReturned/);
  });
});
