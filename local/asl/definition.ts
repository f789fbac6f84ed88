import { z } from 'zod';
import { MAX_DELAY_SECONDS, MAX_SECONDS } from './limits';

/**
 * The Amazon States Language as far as it is interpreted: strict shapes per state type. What a shape does not
 * name is refused by name (`parse-definition.ts`).
 * @see https://states-language.net/spec.html
 */

/** In a union it comes last: what is neither is told as the wrong literal. */
const expression = z.string().regex(/^\{%[^]*%\}$/, { abort: true });
const secondsOrExpression = z.union([z.number().int().min(1).max(MAX_SECONDS), expression]);

/**
 * A Unicode identifier (UAX #31) of at most 80 characters; `states` is reserved.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
const variableName = z.string().regex(/^(?!states$)\p{ID_Start}\p{ID_Continue}{0,79}$/u, 'is not the name of a variable');
const assign = z.record(variableName, z.json());
const errorEquals = z.array(z.string()).min(1);

const common = {
  Comment: z.string().optional(),
  QueryLanguage: z.enum(['JSONPath', 'JSONata']).optional(),
};
const transition = { Next: z.string().optional(), End: z.boolean().optional() };
const data = { Assign: assign.optional(), Output: z.json().optional() };

const retrier = z.strictObject({
  ErrorEquals: errorEquals,
  IntervalSeconds: z.number().int().min(0).max(MAX_SECONDS).default(1),
  MaxAttempts: z.number().int().min(0).max(MAX_SECONDS).default(3),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.number().int().min(1).max(MAX_DELAY_SECONDS).optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).default('NONE'),
  Comment: z.string().optional(),
});
const catcher = z.strictObject({ ErrorEquals: errorEquals, Next: z.string(), ...data, Comment: z.string().optional() });
const handlers = { Retry: z.array(retrier).optional(), Catch: z.array(catcher).optional() };
const choiceRule = z.strictObject({ Condition: z.union([z.boolean(), expression]), Next: z.string(), ...data, Comment: z.string().optional() });

/** The shape of each state type; blocks of nested states are parsed by the caller. */
export const STATE_SHAPES = {
  Pass: z.strictObject({
    Type: z.literal('Pass'),
    ...common,
    ...transition,
    ...data,
    /** A literal result, in JSONPath only: the one field of that language that needs no path. */
    Result: z.json().optional(),
  }),
  Task: z.strictObject({
    Type: z.literal('Task'),
    ...common,
    ...transition,
    ...data,
    ...handlers,
    Resource: z.string(),
    Arguments: z.json().optional(),
    TimeoutSeconds: secondsOrExpression.optional(),
    HeartbeatSeconds: secondsOrExpression.optional(),
  }),
  Choice: z.strictObject({
    Type: z.literal('Choice'),
    ...common,
    ...data,
    Choices: z.array(choiceRule).min(1),
    Default: z.string().optional(),
  }),
  Wait: z.strictObject({
    Type: z.literal('Wait'),
    ...common,
    ...transition,
    ...data,
    Seconds: z.union([z.number().int().min(0).max(MAX_SECONDS), expression]).optional(),
    Timestamp: z.string().optional(),
  }),
  Succeed: z.strictObject({ Type: z.literal('Succeed'), ...common, Output: z.json().optional() }),
  Fail: z.strictObject({ Type: z.literal('Fail'), ...common, Error: z.string().optional(), Cause: z.string().optional() }),
  Parallel: z.strictObject({
    Type: z.literal('Parallel'),
    ...common,
    ...transition,
    ...data,
    ...handlers,
    Arguments: z.json().optional(),
    Branches: z.array(z.looseObject({})).min(1),
  }),
  Map: z.strictObject({
    Type: z.literal('Map'),
    ...common,
    ...transition,
    ...data,
    ...handlers,
    Items: z.union([z.array(z.json()), expression]).optional(),
    ItemSelector: z.json().optional(),
    MaxConcurrency: z.union([z.number().int().min(0), expression]).optional(),
    ItemProcessor: z.looseObject({}),
  }),
} as const;

export const BLOCK_SHAPE = z.strictObject({
  Comment: z.string().optional(),
  StartAt: z.string(),
  States: z.record(z.string(), z.looseObject({ Type: z.string() })),
});

export const ITEM_PROCESSOR_SHAPE = BLOCK_SHAPE.extend({
  ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE').optional() }).optional(),
});

export const MACHINE_SHAPE = BLOCK_SHAPE.extend({
  QueryLanguage: common.QueryLanguage,
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.number().int().min(0).max(MAX_SECONDS).optional(),
});

export type Retrier = z.infer<typeof retrier>;
export type Catcher = z.infer<typeof catcher>;

export type PassState = z.infer<typeof STATE_SHAPES.Pass>;
export type TaskState = z.infer<typeof STATE_SHAPES.Task>;
export type ChoiceState = z.infer<typeof STATE_SHAPES.Choice>;
export type WaitState = z.infer<typeof STATE_SHAPES.Wait>;
export type SucceedState = z.infer<typeof STATE_SHAPES.Succeed>;
export type FailState = z.infer<typeof STATE_SHAPES.Fail>;
export type ParallelState = Omit<z.infer<typeof STATE_SHAPES.Parallel>, 'Branches'> & { readonly Branches: readonly StatesBlock[] };
export type MapState = Omit<z.infer<typeof STATE_SHAPES.Map>, 'ItemProcessor'> & { readonly ItemProcessor: StatesBlock };

export type State = PassState | TaskState | ChoiceState | WaitState | SucceedState | FailState | ParallelState | MapState;
export type StateType = State['Type'];

/** States that refer to each other by name; every name in it resolves. */
export interface StatesBlock {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/** A state machine that may be executed. */
export interface StateMachineDefinition extends StatesBlock {
  /** @default a year, the limit of the service */
  readonly timeoutSeconds?: number;
}
