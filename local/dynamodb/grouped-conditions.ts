import * as dynalite from 'dynalite/validations';
import { type ConditionGroups, groupsOf } from './condition-groups';
import type { Condition, DynaliteExpressions, ExpressionMembers, ParsedCondition } from './expressions';
import { validationError } from './validation';

/** The members that hold conditions, and where dynalite puts the parsed ones. */
const PARSED = { ConditionExpression: '_condition', KeyConditionExpression: '_keyCondition', FilterExpression: '_filter' } as const;
type ConditionMember = keyof typeof PARSED;

const CONDITIONS: readonly ConditionMember[] = ['ConditionExpression', 'KeyConditionExpression', 'FilterExpression'];
const PLACEHOLDER = /[#:]\w+/g;

type Named<Value> = Readonly<Record<string, Value>>;

/**
 * Has dynalite parse the expressions of a request. Conditions with groups within groups are parsed group by group, inner
 * ones first: as a whole they would take time that grows exponentially with the nesting.
 *
 * @returns the request with what was parsed
 * @throws {ValidationException} as DynamoDB words it; of several mistakes in a condition with nested groups, the innermost
 */
export function parseByGroups(request: ExpressionMembers): DynaliteExpressions {
  const grouped = CONDITIONS.flatMap((member) => {
    const groups = groupsOf(request[member] ?? '', Object.keys(request.ExpressionAttributeNames ?? {}));
    if (typeof groups === 'string') throw validationError(`Invalid ${member}: ${groups}`);
    return groups === undefined ? [] : [{ member, groups, trees: [] as ParsedCondition[] }];
  });
  if (grouped.length === 0) return parsed(request);

  for (const { member, groups, trees } of grouped) {
    for (const part of groups.parts.slice(0, -1)) trees.push(whole(parsed(only(member, part, request, groups)), member, groups, trees));
  }
  const outer = parsed(withoutGroups(request, grouped));
  for (const { member, groups, trees } of grouped) outer[PARSED[member]] = whole(outer, member, groups, trees);
  return outer;
}

function parsed(request: ExpressionMembers): DynaliteExpressions {
  const data: DynaliteExpressions = { ...request };
  const message = dynalite.validateExpressions(data);
  if (message !== undefined) throw validationError(message);
  return data;
}

/** One group, with the names and values that it uses. */
function only(member: ConditionMember, part: string, { ExpressionAttributeNames: names, ExpressionAttributeValues: values }: ExpressionMembers, groups: ConditionGroups): ExpressionMembers {
  const used = placeholdersIn([part]);
  return {
    [member]: part,
    ...some('ExpressionAttributeNames', { ...picked(names, used), ...standInNames(part, groups) }),
    ...some('ExpressionAttributeValues', picked(values, used)),
  };
}

/** The request with what is outside of groups, and without the names and values that only groups use. */
function withoutGroups(request: ExpressionMembers, grouped: readonly { readonly member: ConditionMember; readonly groups: ConditionGroups }[]): ExpressionMembers {
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values, ...expressions } = request;
  const outside = grouped.map(({ member, groups }) => ({ member, groups, text: groups.parts.at(-1) ?? '' }));
  const texts = { ...expressions, ...Object.fromEntries(outside.map(({ member, text }) => [member, text])) };
  const used = placeholdersIn([texts.UpdateExpression, texts.ConditionExpression, texts.KeyConditionExpression, texts.FilterExpression, texts.ProjectionExpression]);
  const inGroups = placeholdersIn(grouped.flatMap(({ groups }) => groups.parts.slice(0, -1)));
  const kept = (all: Named<unknown> = {}): Set<string> => new Set(Object.keys(all).filter((name) => used.has(name) || !inGroups.has(name)));
  return {
    ...texts,
    ...some('ExpressionAttributeNames', { ...picked(names, kept(names)), ...Object.assign({}, ...outside.map(({ text, groups }) => standInNames(text, groups))) as Named<string> }),
    ...some('ExpressionAttributeValues', picked(values, kept(values))),
  };
}

/** A parsed part with its groups in the places of their stand-ins. */
function whole(data: DynaliteExpressions, member: ConditionMember, { standIns }: ConditionGroups, trees: readonly ParsedCondition[]): ParsedCondition {
  const condition = data[PARSED[member]];
  if (condition === undefined) throw new TypeError(`dynalite parsed no ${member}.`);
  const nestedPaths = { ...condition.nestedPaths };
  const pathHeads = Object.fromEntries(Object.entries(condition.pathHeads).filter(([head]) => !standIns.has(head.replace(/_$/, ''))));
  const restored = (node: Condition): Condition => {
    if (node.type === 'and' || node.type === 'or' || node.type === 'not') return { ...node, args: node.args.map(restored) };
    const [path] = node.args;
    const index = Array.isArray(path) ? standIns.get(String((path as readonly unknown[])[0])) : undefined;
    const group = index === undefined ? undefined : trees[index];
    if (group === undefined) return node;
    Object.assign(nestedPaths, group.nestedPaths);
    Object.assign(pathHeads, group.pathHeads);
    return group.expression;
  };
  return { expression: restored(condition.expression), nestedPaths, pathHeads };
}

/** Stand-ins are the names of attributes that are called so. */
function standInNames(text: string, { standIns }: ConditionGroups): Named<string> {
  const names = [...placeholdersIn([text])].filter((name) => standIns.has(name.replace(/_$/, '')));
  return Object.fromEntries(names.map((name) => [name, name]));
}

function placeholdersIn(texts: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => text?.match(PLACEHOLDER) ?? []));
}

function picked<Value>(all: Named<Value> = {}, names: ReadonlySet<string>): Named<Value> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}

/** A map is either not there or not empty. */
function some<Name extends string, Value>(member: Name, map: Named<Value>): Partial<Record<Name, Named<Value>>> {
  return (Object.keys(map).length === 0 ? {} : { [member]: map }) as Partial<Record<Name, Named<Value>>>;
}
