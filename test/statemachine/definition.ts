import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import type { MachineName } from '../../lambdas/contract/functions';

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: string;
}
export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly Assign?: Variables;
}
export interface Rule {
  readonly Condition: string;
  readonly Next: string;
  readonly Assign?: Variables;
}
export type Variables = Readonly<Record<string, unknown>>;
export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number | string;
  readonly Seconds?: number | string;
  readonly Timestamp?: string;
  readonly Arguments?: { readonly FunctionName: string; readonly Payload: Variables };
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Choices?: readonly Rule[];
  readonly Default?: string;
  readonly Assign?: Variables;
  readonly Output?: unknown;
  readonly ItemProcessor?: { readonly StartAt: string; readonly States: Readonly<Record<string, State>> };
}
export interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<string, State>>;
}

export function definitionOf(machine: MachineName): Definition {
  return JSON.parse(readFileSync(join(__dirname, `../../statemachine/${machine}.asl.json`), 'utf8')) as Definition;
}

/** All states by name, those inside of Map states too. */
export function statesOf({ States }: Definition): ReadonlyMap<string, State> {
  return new Map(Object.entries(States).flatMap(([name, state]) => [[name, state] as const, ...Object.entries(state.ItemProcessor?.States ?? {})]));
}

export const definition = definitionOf('key-rotation');
export const states = statesOf(definition);
export const tasks = [...states].filter(([, state]) => state.Type === 'Task');

export function stateOf(name: string): State {
  const state = states.get(name);
  if (state === undefined) throw new Error(`the definition has no state ${name}`);
  return state;
}

/** Evaluates `{% … %}` as Step Functions does, with variables and `$states`. */
export async function evaluate(expression: string, variables: Variables): Promise<unknown> {
  const [, body] = /^\{%(.*)%\}$/s.exec(expression) ?? [];
  if (body === undefined) throw new Error(`${expression} is no JSONata expression`);
  return jsonata(body).evaluate({}, variables);
}

/** The rule of a Choice state that holds first, or its default. */
export async function chosen(name: string, input: unknown, variables: Variables = {}): Promise<{ readonly next: string | undefined; readonly assign: Variables }> {
  const { Choices: rules = [], Default: otherwise } = stateOf(name);
  for (const { Condition, Next, Assign = {} } of rules) {
    if ((await evaluate(Condition, { ...variables, states: { input } })) === true) return { next: Next, assign: Assign };
  }
  return { next: otherwise, assign: {} };
}

/** A way from one state to another, and the names of what is assigned on it. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly assigns: readonly string[];
}

/** Every edge, with those into and out of Map states' processors. */
export const edges: readonly Edge[] = [...states].flatMap(([from, { Next, Default, Assign = {}, Choices = [], Catch = [], ItemProcessor }]) => [
  ...(Next === undefined ? [] : [{ from, to: Next, assigns: Object.keys(Assign) }]),
  ...(Default === undefined ? [] : [{ from, to: Default, assigns: Object.keys(Assign) }]),
  ...[...Choices, ...Catch].map((clause) => ({ from, to: clause.Next, assigns: Object.keys(clause.Assign ?? {}) })),
  ...(ItemProcessor === undefined ? [] : [{ from, to: ItemProcessor.StartAt, assigns: [] }]),
]);

/** What a retrier can make a state wait before each retry, in seconds. */
export function waitsOf({ IntervalSeconds, BackoffRate, MaxDelaySeconds, MaxAttempts }: Retrier): readonly number[] {
  return Array.from({ length: MaxAttempts }, (_, retry) => Math.min(IntervalSeconds * BackoffRate ** retry, MaxDelaySeconds));
}

/** The longest that a retrier can make a state wait, in seconds. */
export function longestWait(retrier: Retrier): number {
  return waitsOf(retrier).reduce((sum, wait) => sum + wait, 0);
}
