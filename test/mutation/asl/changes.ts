/** JSON of a state machine: what is changed is a copy. */
type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [member: string]: Json;
}

/** One thing that is wrong with a definition. */
export interface Change {
  /** Where: the state, and what of it. */
  readonly place: string;
  /** What was done there. */
  readonly what: string;
  readonly definition: JsonObject;
}

type Path = readonly (string | number)[];
interface Edit {
  readonly path: Path;
  readonly what: string;
  /** What stands there instead; nothing when it is dropped. */
  readonly value?: Json;
}

/** Every protection of a definition weakened or dropped, and every way out of a state led astray: one change each. */
export function changesOf(definition: JsonObject): readonly Change[] {
  const edits = [...drop(definition, [], 'TimeoutSeconds'), ...editsOfStates(definition, [])];
  return edits.map((edit) => ({ place: placeOf(edit.path), what: edit.what, definition: edited(definition, edit.path, edit.value) as JsonObject }));
}

function editsOfStates(machine: JsonObject, path: Path): readonly Edit[] {
  const states = machine['States'] as Readonly<Record<string, JsonObject>>;
  const names = Object.keys(states);
  return Object.entries(states).flatMap(([name, state]) => editsOfState(state, [...path, 'States', name], names));
}

function editsOfState(state: JsonObject, path: Path, names: readonly string[]): readonly Edit[] {
  const inner = state['ItemProcessor'] as JsonObject | undefined;
  return [
    ...astray(state, path, 'Next', names),
    ...astray(state, path, 'Default', names),
    ...drop(state, path, 'TimeoutSeconds'),
    ...dropEach(state['Assign'], [...path, 'Assign']),
    ...dropEach((state['Arguments'] as JsonObject | undefined)?.['Payload'], [...path, 'Arguments', 'Payload']),
    ...(typeof state['Seconds'] === 'number' ? [{ path: [...path, 'Seconds'], what: 'waits half as long', value: Math.floor(state['Seconds'] / 2) }] : []),
    ...(typeof state['Timestamp'] === 'string' || typeof state['Seconds'] === 'string' ? [{ path, what: 'waits a second', value: waitingASecond(state) }] : []),
    ...each(state['Retry'], [...path, 'Retry'], editsOfRetrier),
    ...each(state['Catch'], [...path, 'Catch'], (catcher, place) => [...astray(catcher, place, 'Next', names), ...dropNames(catcher, place), ...dropEach(catcher['Assign'], [...place, 'Assign'])]),
    ...each(state['Choices'], [...path, 'Choices'], (rule, place) => [...astray(rule, place, 'Next', names), negated(rule, place), ...dropEach(rule['Assign'], [...place, 'Assign'])]),
    ...(inner === undefined ? [] : editsOfStates(inner, [...path, 'ItemProcessor'])),
  ];
}

function editsOfRetrier(retrier: JsonObject, path: Path): readonly Edit[] {
  const set = (member: string, value: Json): Edit => ({ path: [...path, member], what: `${JSON.stringify(retrier[member])} becomes ${JSON.stringify(value)}`, value });
  return [
    ...dropNames(retrier, path),
    set('MaxAttempts', 0),
    set('MaxAttempts', Number(retrier['MaxAttempts']) + 1),
    set('BackoffRate', 1),
    set('IntervalSeconds', 1),
    set('JitterStrategy', retrier['JitterStrategy'] === 'FULL' ? 'NONE' : 'FULL'),
    ...drop(retrier, path, 'MaxDelaySeconds'),
  ];
}

const drop = (holder: JsonObject, path: Path, member: string): readonly Edit[] => (member in holder ? [{ path: [...path, member], what: 'is dropped' }] : []);

const dropEach = (holder: Json | undefined, path: Path): readonly Edit[] => Object.keys((holder ?? {}) as JsonObject).map((member) => ({ path: [...path, member], what: 'is dropped' }));

/** Each clause of a list dropped as a whole, and what can be wrong with it. */
const each = (clauses: Json | undefined, path: Path, edits: (clause: JsonObject, path: Path) => readonly Edit[]): readonly Edit[] =>
  ((clauses ?? []) as readonly JsonObject[]).flatMap((clause, index) => [{ path: [...path, index], what: 'is dropped' }, ...edits(clause, [...path, index])]);

/** Of a clause for one error alone, dropping the clause is the same. */
function dropNames(clause: JsonObject, path: Path): readonly Edit[] {
  const names = clause['ErrorEquals'] as readonly string[];
  return names.length === 1 ? [] : names.map((name, index) => ({ path: [...path, 'ErrorEquals', index], what: `${name} is dropped` }));
}

/** To the state that is written after the right one. */
function astray(holder: JsonObject, path: Path, member: string, names: readonly string[]): readonly Edit[] {
  const next = holder[member];
  if (typeof next !== 'string') return [];
  const other = names[(names.indexOf(next) + 1) % names.length] ?? next;
  return [{ path: [...path, member], what: `${next} becomes ${other}`, value: other }];
}

const negated = (rule: JsonObject, path: Path): Edit => ({
  path: [...path, 'Condition'],
  what: 'is negated',
  value: (rule['Condition'] as string).replace(/^\{%(.*)%\}$/s, '{% $not($1) %}'),
});

function waitingASecond({ Timestamp: _timestamp, Seconds: _seconds, ...state }: JsonObject): JsonObject {
  return { ...state, Seconds: 1 };
}

/** A copy in which something else stands at a path, or nothing. */
function edited(value: Json, [first, ...rest]: Path, replacement: Json | undefined): Json {
  if (first === undefined) return replacement ?? null;
  const isDropped = rest.length === 0 && replacement === undefined;
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((item, index) => (index !== first ? [item] : isDropped ? [] : [edited(item, rest, replacement)]));
  const { [first]: member = null, ...others } = value as JsonObject;
  if (isDropped) return others;
  // In its place: the order of members is nobody's business, but of states it is.
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, old]) => [name, name === first ? edited(member, rest, replacement) : old]));
}

const placeOf = (path: Path): string => {
  const shown = path.filter((step) => step !== 'States' && step !== 'ItemProcessor').map((step) => (typeof step === 'number' ? `[${step}]` : step));
  return shown.join(' / ').replaceAll(' / [', '[');
};
