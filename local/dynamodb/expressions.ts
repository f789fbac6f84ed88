import * as dynalite from 'dynalite/validations';
import type { AttributeValue } from './attribute-value';
import { refuseLongExpressions } from './expression-limits';
import { parseByGroups } from './grouped-conditions';
import { validationError } from './validation';

/** A document path: attribute and map names, list positions. */
export type Path = readonly (string | number)[];

/** A parsed call, as dynalite's grammars make it. */
export interface FunctionCall {
  readonly type: 'function';
  readonly name: string;
  readonly args: readonly Operand[];
}
export type Operand = Path | AttributeValue | FunctionCall;

export type Condition =
  | { readonly type: 'and'; readonly args: readonly Condition[] }
  | { readonly type: 'or'; readonly args: readonly Condition[] }
  | { readonly type: 'not'; readonly args: readonly Condition[] }
  | FunctionCall
  | { readonly type: '=' | '<>' | '<' | '<=' | '>' | '>=' | 'in' | 'between'; readonly args: readonly Operand[] };

/** The right-hand side of a SET. */
export type SetValue =
  | Path
  | AttributeValue
  | { readonly type: 'add' | 'subtract'; readonly args: readonly [SetValue, SetValue] }
  | { readonly type: 'function'; readonly name: 'if_not_exists'; readonly args: readonly [Path, SetValue] }
  | { readonly type: 'function'; readonly name: 'list_append'; readonly args: readonly [SetValue, SetValue] };

export type UpdateSection =
  | { readonly type: 'set'; readonly path: Path; readonly val: SetValue }
  | { readonly type: 'add' | 'delete'; readonly path: Path; readonly val: AttributeValue }
  | { readonly type: 'remove'; readonly path: Path };

/** Which attributes an expression reaches into (`a.b`, `a[0]`). */
type NestedPaths = Readonly<Record<string, boolean>>;

export interface Updates {
  readonly sections: readonly UpdateSection[];
  readonly paths: readonly Path[];
  readonly nestedPaths: NestedPaths;
}
export interface ParsedCondition {
  readonly expression: Condition;
  readonly nestedPaths: NestedPaths;
  readonly pathHeads: Readonly<Record<string, boolean>>;
}
export interface ParsedProjection {
  readonly paths: readonly Path[];
  readonly nestedPaths: NestedPaths;
}

/** The conditions of a query, by key attribute. */
export type KeyConditions = Readonly<
  Record<string, { readonly ComparisonOperator: string; readonly AttributeValueList: readonly AttributeValue[] }>
>;

/** The members of a request that hold expressions. */
export interface ExpressionMembers {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
}

/** What dynalite's parsing leaves on a request. */
export interface DynaliteExpressions extends ExpressionMembers {
  _updates?: Updates;
  _condition?: ParsedCondition;
  _keyCondition?: ParsedCondition;
  _filter?: ParsedCondition;
  _projection?: ParsedProjection;
}

export interface Expressions {
  readonly updates?: Updates;
  readonly condition?: ParsedCondition;
  readonly keyCondition?: ParsedCondition;
  readonly filter?: ParsedCondition;
  readonly projection?: ParsedProjection;
}

interface CachedParse {
  readonly expressions: Expressions;
  /** The value objects that the parsed trees hold, by placeholder. */
  readonly values: Readonly<Record<string, AttributeValue>>;
}

/** What the grammars judge by a value itself; everything else depends on its type only. */
const JUDGED_BY_VALUE = /between|attribute_type/i;
const CACHED_PARSES = 1000;

/** One for all databases of the process: what it holds depends on texts, names and types alone. */
const cache = new Map<string, CachedParse>();

/**
 * Parses the expressions of a request with dynalite's grammars.
 *
 * Those resolve names and values while they parse, which takes 0.1 to 0.4 ms. So a tree is kept per expression texts,
 * names and *types* of values, and a later request gets a copy that holds its own values.
 */
export class ExpressionParser {
  /** @throws {ValidationException} as DynamoDB words it: syntax, reserved words, undefined and unused names and values */
  parse(request: ExpressionMembers): Expressions {
    const key = cacheKey(request);
    const cached = key === undefined ? undefined : cache.get(key);
    if (cached !== undefined && areValid(request.ExpressionAttributeValues)) return rebound(cached, request.ExpressionAttributeValues ?? {});

    refuseLongExpressions(request);
    const data = parseByGroups(request);
    const expressions: Expressions = {
      ...(data._updates && { updates: data._updates }),
      ...(data._condition && { condition: data._condition }),
      ...(data._keyCondition && { keyCondition: data._keyCondition }),
      ...(data._filter && { filter: data._filter }),
      ...(data._projection && { projection: data._projection }),
    };
    if (key === undefined) return expressions;
    const values = request.ExpressionAttributeValues ?? {};
    if (cache.size >= CACHED_PARSES) cache.clear();
    cache.set(key, { expressions, values });
    return rebound({ expressions, values }, values);
  }
}

/** `undefined` when the parse may not be kept. */
function cacheKey(request: ExpressionMembers): string | undefined {
  const texts = [request.UpdateExpression, request.ConditionExpression, request.KeyConditionExpression, request.FilterExpression, request.ProjectionExpression];
  if (texts.some((text) => text !== undefined && JUDGED_BY_VALUE.test(text))) return undefined;
  // No values and an empty map of values are different requests: the second is refused.
  const values = request.ExpressionAttributeValues;
  const types = values && Object.entries(values).flatMap(([name, value]) => [name, ...Object.keys(value)]);
  return JSON.stringify([texts, request.ExpressionAttributeNames, types]);
}

function areValid(values: Readonly<Record<string, AttributeValue>> = {}): boolean {
  return Object.values(values).every((value) => dynalite.validateAttributeValue(value) === undefined);
}

function rebound({ expressions, values }: CachedParse, own: Readonly<Record<string, AttributeValue>>): Expressions {
  const replacements = new Map<unknown, AttributeValue>();
  for (const [name, value] of Object.entries(values)) replacements.set(value, own[name] ?? value);
  const { updates, condition, keyCondition, filter, projection } = expressions;
  return {
    ...(updates && { updates: { ...updates, sections: withValues(updates.sections, replacements) } }),
    ...(condition && { condition: { ...condition, expression: withValues(condition.expression, replacements) } }),
    ...(keyCondition && { keyCondition: { ...keyCondition, expression: withValues(keyCondition.expression, replacements) } }),
    ...(filter && { filter: { ...filter, expression: withValues(filter.expression, replacements) } }),
    ...(projection && { projection }),
  };
}

/** A copy of a tree with other value objects at its leaves. */
function withValues<Tree>(tree: Tree, replacements: ReadonlyMap<unknown, AttributeValue>): Tree {
  const copy = (node: unknown): unknown => {
    const replacement = replacements.get(node);
    if (replacement !== undefined) return replacement;
    if (Array.isArray(node)) return node.map(copy);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([member, value]) => [member, copy(value)]));
  };
  return copy(tree) as Tree;
}

export function isPath(operand: Operand | SetValue): operand is Path {
  return Array.isArray(operand);
}

/** The conditions on the key attributes that a KeyConditionExpression states. */
export function keyConditionsOf(parsed: ParsedCondition): KeyConditions {
  const conditions = dynalite.convertKeyCondition(parsed.expression);
  if (typeof conditions === 'string') throw validationError(conditions);
  const message = dynalite.validateConditions(conditions);
  if (message !== undefined) throw validationError(message);
  const count = Object.keys(conditions).length;
  if (count < 1 || count > 2) throw validationError('Conditions can be of length 1 or 2 only');
  return conditions;
}
