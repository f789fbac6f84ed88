import type jsonata from 'jsonata';
import type { Json } from '../../lambdas/domain/trace';
import { MAX_JSON_DEPTH } from '../kernel/client-json';
import type { Timeline } from '../kernel/clock';
import { BUDGET, EvaluationBudget } from './evaluation-budget';
import { registerFunctions } from './expression-functions';
import { isArray, isObject } from './json';
import { compileJsonata } from './jsonata-source';

/** An expression failed, or gave what the field cannot take. The interpreter words it as `States.QueryEvaluationError`. */
export class EvaluationError extends Error {
  /** @param location the field, such as `Arguments/Payload/key`; none when no expression is to blame */
  constructor(message: string, readonly location?: string) {
    super(message);
    this.name = 'EvaluationError';
  }
}

/** What an expression sees: `states` as `$states`, and each variable by its name. */
export type Bindings = Readonly<Record<string, Json>>;

export interface ExpressionSources {
  readonly timeline: Timeline;
  /** Uniform in [0, 1): behind `$random` and `$shuffle`. */
  readonly random: () => number;
  /** Behind `$uuid`. */
  readonly newId: () => string;
}

const EXPRESSION = /^\{%([^]*)%\}$/;

/** A whole string `{% … %}`; anything else is a literal. */
export function isExpression(value: Json): value is string {
  return typeof value === 'string' && EXPRESSION.test(value);
}

/** Evaluates JSONata in templates. Every expression is compiled once; evaluation holds the virtual time. */
export class Expressions {
  private readonly compiled = new Map<string, jsonata.Expression>();

  constructor(private readonly sources: ExpressionSources) {}

  /**
   * Replaces every `{% … %}` string in `template`, in the order of its members.
   * @throws {EvaluationError} when an expression throws, or returns nothing or a function
   */
  async evaluate(template: Json, bindings: Bindings, location: string): Promise<Json> {
    if (isExpression(template)) return this.evaluateExpression(template, bindings, location);
    if (isArray(template)) {
      const elements: Json[] = [];
      for (const [index, element] of template.entries()) elements.push(await this.evaluate(element, bindings, `${location}[${index}]`));
      return elements;
    }
    if (isObject(template)) {
      const members: [string, Json][] = [];
      for (const [key, member] of Object.entries(template)) members.push([key, await this.evaluate(member, bindings, `${location}/${key}`)]);
      return Object.fromEntries(members);
    }
    return template;
  }

  private async evaluateExpression(template: string, bindings: Bindings, location: string): Promise<Json> {
    const source = sourceOf(template);
    const blame = `The JSONata expression '${source}' specified for the field '${location}'`;
    let result: unknown;
    let json: Json | undefined;
    try {
      result = await this.sources.timeline.track(this.compile(source).evaluate(undefined, { ...bindings, [BUDGET]: new EvaluationBudget() }));
      json = toJson(result, 0);
    } catch (error) {
      throw new EvaluationError(`${blame} threw an error during evaluation${describe(error)}`, location);
    }
    if (result === undefined) throw new EvaluationError(`${blame} returned nothing (undefined).`, location);
    if (json === undefined) throw new EvaluationError(`${blame} returned an unsupported result type.`, location);
    return json;
  }

  private compile(source: string): jsonata.Expression {
    let expression = this.compiled.get(source);
    if (expression === undefined) {
      expression = compileJsonata(source);
      registerFunctions(expression, this.sources);
      this.compiled.set(source, expression);
    }
    return expression;
  }
}

/** The expression between the marks, as AWS's messages quote it. */
export function sourceOf(template: string): string {
  return (EXPRESSION.exec(template)?.[1] ?? template).trim();
}

/**
 * JSONata marks its arrays and functions with extra members: only plain JSON leaves; `undefined` when a function is inside.
 * @throws {RangeError} for what is nested too deeply
 */
function toJson(value: unknown, depth: number): Json | undefined {
  if (depth > MAX_JSON_DEPTH) throw new RangeError(`The result is nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // JSON has no Infinity: AWS answers it as text.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) {
    const elements = value.map((element) => toJson(element, depth + 1));
    return elements.every((element) => element !== undefined) ? elements : undefined;
  }
  if (typeof value !== 'object' || '_jsonata_lambda' in value || '_jsonata_function' in value) return undefined;
  const members: [string, Json][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const json = toJson(member, depth + 1);
    if (json === undefined) return undefined;
    members.push([key, json]);
  }
  return Object.fromEntries(members);
}

/** An error of JSONata has a code and is a sentence of its own; one without a code is the end of AWS's. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `: ${String(error)}`;
  const message = 'message' in error ? String(error.message) : 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? `. ${error.code}: ${message}` : `: ${message}`;
}
