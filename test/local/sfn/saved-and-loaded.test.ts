import fc from 'fast-check';
import type { Json } from '../../../lambdas/domain/trace';
import type { LambdaInvoker } from '../../../local/asl/lambda-integration';
import { START_MS, StepFunctionsKit } from './kit';
import { definitionOf, randomMachine, type FailuresOf } from './random-machine';

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
async function play({ definition, failuresOf, answers: given, redrives }: Case, isSaved: (stop: number) => boolean): Promise<Json> {
  const world = new World(failuresOf, given);
  let kit = new StepFunctionsKit({ lambda: world.lambda, random: world.random });
  const machine = kit.create(definition);
  const executions = [kit.start(machine, { first: true }, 'first'), kit.start(machine, {}, 'second')];
  await kit.timeline.settle();
  let left = redrives;
  for (let stop = 0; ; stop++) {
    if (isSaved(stop)) kit = kit.reloaded();
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
    { numRuns: 100 },
  );
});
