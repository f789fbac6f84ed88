import fc from 'fast-check';
import type { Json } from '../../../lambdas/domain/trace';
import { INVOKE, INVOKE_AND_WAIT, START_MS } from './kit';

/** One state of a generated machine; what follows it is the next one of its list. */
export type Step =
  | { readonly kind: 'pass' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'until'; readonly second: number }
  | ({ readonly kind: 'task'; readonly failures: readonly string[] } & Handlers)
  | ({ readonly kind: 'callback'; readonly timeoutSeconds: number; readonly heartbeatSeconds: number | null } & Handlers)
  | ({ readonly kind: 'parallel'; readonly branches: readonly (readonly Step[])[] } & Handlers)
  | ({ readonly kind: 'map'; readonly items: number; readonly atATime: number; readonly inner: readonly Step[] } & Handlers);

interface Handlers {
  /** Seconds before the first retry; none without. */
  readonly retry: number | null;
  readonly isCaught: boolean;
}

const seconds = fc.integer({ min: 1, max: 4 });
const handlers = { retry: fc.option(seconds), isCaught: fc.boolean() };
const error = fc.constantFrom('Busy', 'Broken');

const leaf: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const) }),
  fc.record({ kind: fc.constant('wait' as const), seconds }),
  fc.record({ kind: fc.constant('until' as const), second: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('task' as const), failures: fc.array(error, { maxLength: 3 }), ...handlers }),
  fc.record({ kind: fc.constant('callback' as const), timeoutSeconds: fc.integer({ min: 5, max: 9 }), heartbeatSeconds: fc.option(seconds), ...handlers }),
);

function stepsOf(depth: number): fc.Arbitrary<readonly Step[]> {
  if (depth === 0) return fc.array(leaf, { minLength: 1, maxLength: 3 });
  const inner = stepsOf(depth - 1);
  const nested: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant('parallel' as const), branches: fc.array(inner, { minLength: 1, maxLength: 3 }), ...handlers }),
    fc.record({ kind: fc.constant('map' as const), items: fc.integer({ min: 0, max: 4 }), atATime: fc.integer({ min: 0, max: 2 }), inner, ...handlers }),
  );
  return fc.array(fc.oneof({ weight: 2, arbitrary: leaf }, { weight: 1, arbitrary: nested }), { minLength: 1, maxLength: 3 });
}

/** Machines up to two levels deep, with an own time-out or without. */
export const randomMachine = fc.record({ steps: stepsOf(2), timeoutSeconds: fc.option(fc.integer({ min: 5, max: 40 })) });

/** How often each generated task fails before it succeeds, by the number that it gives its function. */
export type FailuresOf = ReadonlyMap<number, readonly string[]>;

/** The definition, and how its tasks fail. Every state has a name of its own, and every variable. */
export function definitionOf({ steps, timeoutSeconds }: { readonly steps: readonly Step[]; readonly timeoutSeconds: number | null }): { readonly definition: Json; readonly failuresOf: FailuresOf } {
  const failuresOf = new Map<number, readonly string[]>();
  let states = 0;

  /** @param outer numbers of the variables that the blocks around it have assigned before */
  const blockOf = (list: readonly Step[], outer: readonly number[]): { StartAt: string; States: { [name: string]: Json } } => {
    const numbers = list.map(() => ++states);
    const known = [...outer];
    const named = list.map((step, index) => {
      const next = numbers[index + 1];
      const number = numbers[index] ?? 0;
      const state = stateOf(step, number, next, [...known]);
      if ('Assign' in state) known.push(number);
      return [`S${number}`, { ...state, ...(next === undefined ? { End: true } : { Next: `S${next}` }) }] as const;
    });
    return { StartAt: named[0]?.[0] ?? '', States: Object.fromEntries(named) };
  };

  const stateOf = (step: Step, number: number, next: number | undefined, known: readonly number[]): { [field: string]: Json } => {
    switch (step.kind) {
      case 'pass':
        return { Type: 'Pass', Assign: { [`v${number}`]: '{% [$random(), $uuid(), $states.context.State.EnteredTime] %}' }, Output: `{% {"at": $millis(), "known": [${known.map((variable) => `$v${variable}`).join()}]} %}` };
      case 'wait':
        return { Type: 'Wait', Seconds: step.seconds };
      case 'until':
        return { Type: 'Wait', Timestamp: new Date(START_MS + step.second * 1000).toISOString() };
      case 'task':
        failuresOf.set(number, step.failures);
        return { Type: 'Task', Resource: INVOKE, Arguments: { FunctionName: 'f', Payload: { number } }, Assign: { [`v${number}`]: '{% $states.context %}' }, ...handlersOf(step, next) };
      case 'callback':
        return {
          Type: 'Task',
          Resource: INVOKE_AND_WAIT,
          Arguments: { FunctionName: 'f', Payload: { number, token: '{% $states.context.Task.Token %}' } },
          TimeoutSeconds: step.timeoutSeconds,
          ...(step.heartbeatSeconds === null ? {} : { HeartbeatSeconds: step.heartbeatSeconds }),
          ...handlersOf(step, next),
        };
      case 'parallel':
        return { Type: 'Parallel', Branches: step.branches.map((branch) => blockOf(branch, known)), Output: number, ...handlersOf(step, next) };
      case 'map':
        return {
          Type: 'Map',
          Items: Array.from({ length: step.items }, (_, index) => ({ index })),
          ItemSelector: { item: '{% $states.context.Map.Item.Value %}', at: '{% $millis() %}' },
          MaxConcurrency: step.atATime,
          ItemProcessor: blockOf(step.inner, known),
          Output: number,
          ...handlersOf(step, next),
        };
    }
  };

  const block = blockOf(steps, []);
  return { definition: { QueryLanguage: 'JSONata', ...block, ...(timeoutSeconds === null ? {} : { TimeoutSeconds: timeoutSeconds }) }, failuresOf };
}

function handlersOf({ retry, isCaught }: Handlers, next: number | undefined): { [field: string]: Json } {
  return {
    ...(retry === null ? {} : { Retry: [{ ErrorEquals: ['Busy', 'States.Timeout'], IntervalSeconds: retry, MaxAttempts: 2, JitterStrategy: retry > 2 ? 'FULL' : 'NONE' }] }),
    ...(isCaught && next !== undefined ? { Catch: [{ ErrorEquals: ['States.ALL'], Next: `S${next}` }] } : {}),
  };
}
