import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { secondsOf } from './duration';
import { dependentProblems, tagProblems } from './entry-rules';
import { aliasOf, normalize, type CompleteFields } from './normalize';
import { ConfigError, pathOf, unless, type Problem } from './problem';
import { RULES } from './rules';
import { DEFAULTS, defaultsSchema, dependentSchema, fileSchema, keySchema, type KeyFields } from './schema';

/** What a configuration means: durations in seconds, defaults filled in. */
export interface Configuration {
  readonly policies: readonly KeyPolicy[];
  /** How often due keys are looked for. */
  readonly startEverySeconds: number;
  /** Names of roles whose session names the identity provider sets; `*` stands for any characters. */
  readonly vouchedRoles: readonly string[];
}

/** Lambda allows 4 KB for all of a function's environment variables; this one is the only long one. */
const MAX_VOUCHED_ROLES_LENGTH = 2_000;

/**
 * Reads `keyturn.config.json`.
 * @throws {ConfigError} when the file cannot be read, is not JSON, or {@link parseConfig} refuses it.
 */
export function loadConfig(path: string): Configuration {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(path, [{ path: '(file)', given: reason, hint: 'allowed: a readable file with JSON, without comments; correct it' }]);
  }
  return parseConfig(raw, path);
}

/**
 * Checks a configuration.
 * @param source how messages call the configuration.
 * @throws {ConfigError} with everything that is wrong, not only the first.
 */
export function parseConfig(raw: unknown, source = 'configuration'): Configuration {
  const shape = fileSchema.safeParse(raw);
  const keys = mergedKeys(raw).map(examine);
  const problems = [
    ...(shape.error?.issues ?? []).flatMap((issue) => problemsOf(issue, raw)),
    ...vouchedRolesProblems(shape.data?.vouchedRoles ?? []),
    ...entryProblems(raw),
    ...keys.flatMap((key) => key.problems),
    ...duplicates(keys, 'name', ({ fields }) => fields.name),
    ...duplicates(keys, 'alias', ({ fields: { name, alias } }) => (name === undefined ? alias : aliasOf({ name, alias }))),
    ...duplicates(keys, 'adopt', ({ fields }) => fields.adopt),
  ];
  if (problems.length > 0) throw new ConfigError(source, problems);
  return {
    policies: keys.map(({ fields }) => normalize(fields as CompleteFields)),
    startEverySeconds: secondsOf(shape.data?.startEvery ?? DEFAULTS.startEvery),
    vouchedRoles: shape.data?.vouchedRoles ?? [],
  };
}

function vouchedRolesProblems(patterns: readonly string[]): readonly Problem[] {
  const isFine = patterns.join(',').length <= MAX_VOUCHED_ROLES_LENGTH;
  return unless(isFine, 'vouchedRoles', `${patterns.length} roles`, `allowed: at most ${MAX_VOUCHED_ROLES_LENGTH} characters together; use patterns`);
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every key of the file with `defaults` below it; `undefined` for what is no object, which is reported as a matter of shape. */
function mergedKeys(raw: unknown): readonly (Json | undefined)[] {
  const { defaults, keys } = isObject(raw) ? raw : {};
  const inherited = isObject(defaults) ? defaults : {};
  return Array.isArray(keys) ? keys.map((key: unknown) => (isObject(key) ? { ...inherited, ...key } : undefined)) : [];
}

/** What is wrong inside the lists and maps of `defaults` and of each key, told where it stands in the file. */
function entryProblems(raw: unknown): readonly Problem[] {
  const { defaults, keys } = isObject(raw) ? raw : {};
  const holders: readonly (readonly [path: string, holder: unknown])[] = [
    ['defaults', defaults],
    ...(Array.isArray(keys) ? keys.map((key: unknown, index) => [`keys[${index}]`, key] as const) : []),
  ];
  return holders.flatMap(([path, holder]) =>
    isObject(holder) ? [...dependentProblems(holder['dependents']), ...tagProblems(holder['tags'])].map((problem) => ({ ...problem, path: `${path}.${problem.path}` })) : [],
  );
}

interface Examined {
  /** The well-formed fields. */
  readonly fields: Partial<KeyFields>;
  readonly problems: readonly Problem[];
}

const REQUIRED = ['owner', 'retirement', 'rotateEvery'] as const satisfies readonly (keyof KeyFields)[];

const REQUIRED_HINTS: Record<(typeof REQUIRED)[number], string> = {
  owner: 'required; write the team or person who answers for the key, here or in defaults',
  retirement: 'required, it has no default; choose keep, disable or delete, here or in defaults',
  rotateEvery: 'required; write how often a window starts, such as "90d", here or in defaults',
};

/** Applies every rule whose fields are well-formed. */
function examine(merged: Json | undefined, index: number): Examined {
  if (merged === undefined) return { fields: {}, problems: [] };
  const parsed = Object.entries(keySchema.shape).map(([field, schema]) => [field, schema.safeParse(merged[field])] as const);
  const fields: Partial<KeyFields> = Object.fromEntries(parsed.flatMap(([field, { data }]) => (data === undefined ? [] : [[field, data]])));
  const missing = REQUIRED.filter((field) => merged[field] === undefined);
  const unusable = new Set<string>([...parsed.filter(([, { success }]) => !success).map(([field]) => field), ...missing]);
  const found = [
    ...missing.map((field) => ({ path: field, given: undefined, hint: REQUIRED_HINTS[field] })),
    ...RULES.filter(({ reads }) => !reads.some((field) => unusable.has(field))).flatMap(({ check }) => check(fields as CompleteFields)),
  ];
  return { fields, problems: found.map((problem) => ({ ...problem, path: `keys[${index}].${problem.path}` })) };
}

function duplicates(keys: readonly Examined[], field: string, valueOf: (key: Examined) => string | undefined): readonly Problem[] {
  const values = keys.map(valueOf);
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (value === undefined || first === index) return [];
    return [{ path: `keys[${index}].${field}`, given: value, hint: `keys[${first}] has the same ${field}; each must be unique, change one` }];
  });
}

/** zod's issue in our words: unknown fields get one line each. */
function problemsOf(issue: z.core.$ZodIssue, raw: unknown): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const hint = `unknown field; allowed: ${fieldsAt(issue.path).join(', ')}; remove it or correct its name`;
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), given: valueAt(raw, [...issue.path, key]), hint }));
  }
  const path = issue.path.length === 0 ? '(file)' : pathOf(issue.path);
  return [{ path, given: valueAt(raw, issue.path), hint: issue.message }];
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined), raw);
}

/** The strict objects of the schema, by the field that holds them. */
const OBJECTS = { keys: keySchema, defaults: defaultsSchema, dependents: dependentSchema } as const;

function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  const holder = path.findLast((part) => typeof part === 'string') as keyof typeof OBJECTS | undefined;
  return Object.keys((holder === undefined ? fileSchema : OBJECTS[holder]).shape);
}
