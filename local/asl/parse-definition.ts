import type { ZodError, ZodType } from 'zod';
import { notModelled } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import {
  BLOCK_SHAPE,
  ITEM_PROCESSOR_SHAPE,
  MACHINE_SHAPE,
  STATE_SHAPES,
  type MapState,
  type ParallelState,
  type State,
  type StateMachineDefinition,
  type StatesBlock,
} from './definition';
import { isExpression } from './expressions';
import { Diagnostics, InvalidDefinition } from './invalid-definition';
import { MAX_STATE_NAME_LENGTH } from './limits';
import { checkQueryLanguage, isJsonPathField, type QueryLanguage } from './query-language';
import { checkReferences } from './references';
import { wholeSecondMs } from './timestamp';

/** Accounts with the same definitions are made by the thousand; nobody has many definitions at once. */
const KEPT_DEFINITIONS = 8;
const kept = new Map<string, StateMachineDefinition>();

/**
 * Parses the JSON text of a definition; one text gives one definition, which nobody changes.
 * @throws {AwsError} InvalidDefinition when AWS would refuse it, with all its mistakes; NotModelledLocally, naming it, for what is not interpreted
 */
export function parseDefinition(text: string): StateMachineDefinition {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const definition = parsed(text);
  if (kept.size >= KEPT_DEFINITIONS) kept.clear();
  kept.set(text, definition);
  return definition;
}

function parsed(text: string): StateMachineDefinition {
  const diagnostics = new Diagnostics();
  const machine = new DefinitionParser(diagnostics).machine(parseJson(text));
  // What has no shape is not looked at any further.
  diagnostics.throwIfAny();
  if (machine === undefined) throw new Error('A definition that cannot be parsed was not refused');
  checkReferences(machine, diagnostics);
  diagnostics.throwIfAny();
  return machine;
}

function parseJson(text: string): unknown {
  try {
    return parseClientJson(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidDefinition([{ code: 'INVALID_JSON_DESCRIPTION', message: reason }]);
  }
}

type RawState = Readonly<Record<string, unknown>> & { readonly Type: string };

/** Gives raw JSON its shape; what has none is a diagnostic and `undefined`. */
class DefinitionParser {
  /** Of the machine: a state may have another, which the states inside it do not inherit. */
  private language: QueryLanguage = 'JSONPath';

  constructor(private readonly diagnostics: Diagnostics) {}

  machine(raw: unknown): StateMachineDefinition | undefined {
    const machine = this.shaped(MACHINE_SHAPE, raw, '', undefined);
    if (machine === undefined) return undefined;
    this.language = machine.QueryLanguage ?? 'JSONPath';
    // AWS accepts it; what it does with it is not known.
    if (machine.TimeoutSeconds === 0) throw notModelled('a state machine with TimeoutSeconds 0');
    const block = this.block(machine, '');
    if (block === undefined || machine.TimeoutSeconds === undefined) return block;
    return { ...block, timeoutSeconds: machine.TimeoutSeconds };
  }

  private block({ StartAt, States }: { readonly StartAt: string; readonly States: Readonly<Record<string, RawState>> }, path: string): StatesBlock | undefined {
    const parsed = Object.entries(States).map(([name, raw]) => [name, this.state(name, raw, `${path}/States/${name}`)] as const);
    const states = new Map<string, State>();
    for (const [name, state] of parsed) if (state !== undefined) states.set(name, state);
    return states.size === parsed.length ? { startAt: StartAt, states } : undefined;
  }

  private nested(shape: typeof BLOCK_SHAPE, raw: unknown, path: string): StatesBlock | undefined {
    const block = this.shaped(shape, raw, path, undefined);
    return block === undefined ? undefined : this.block(block, path);
  }

  private state(name: string, raw: RawState, location: string): State | undefined {
    if (Array.from(name).length > MAX_STATE_NAME_LENGTH) {
      const message = `State name '${name}' exceeds the ${MAX_STATE_NAME_LENGTH}-character limit allowed by the service`;
      this.diagnostics.add('INVALID_STATE_NAME', message, location);
    }
    if (this.language === 'JSONata' && raw['QueryLanguage'] === 'JSONPath') {
      return this.refuse(`'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine`, location);
    }
    const language = raw['QueryLanguage'] === 'JSONata' ? 'JSONata' : this.language;
    const state = this.typedState(raw, location, language);
    if (state !== undefined) checkQueryLanguage(name, raw, language, location, this.diagnostics);
    return state;
  }

  private typedState(raw: RawState, location: string, language: QueryLanguage): State | undefined {
    switch (raw.Type) {
      case 'Pass':
        return this.transition(this.passState(raw, location, language), location);
      case 'Task':
        return this.transition(this.handlers(this.taskState(raw, location, language), location), location);
      case 'Choice':
        return this.shaped(STATE_SHAPES.Choice, raw, location, language);
      case 'Wait':
        return this.transition(this.waitState(raw, location, language), location);
      case 'Succeed':
        return this.shaped(STATE_SHAPES.Succeed, raw, location, language);
      case 'Fail':
        return this.shaped(STATE_SHAPES.Fail, raw, location, language);
      case 'Parallel':
        return this.transition(this.handlers(this.parallelState(raw, location, language), location), location);
      case 'Map':
        return this.transition(this.handlers(this.mapState(raw, location, language), location), location);
      default:
        return this.refuse(`Value should be one of the following: [${Object.keys(STATE_SHAPES).join(', ')}]`, `${location}/Type`);
    }
  }

  private passState(raw: RawState, location: string, language: QueryLanguage): State & { Type: 'Pass' } | undefined {
    if (language === 'JSONata' && 'Result' in raw) return this.refuse(onlyInJsonPath('Result'), location);
    return this.shaped(STATE_SHAPES.Pass, raw, location, language);
  }

  private taskState(raw: RawState, location: string, language: QueryLanguage): State & { Type: 'Task' } | undefined {
    const state = this.shaped(STATE_SHAPES.Task, raw, location, language);
    const { HeartbeatSeconds: heartbeat, TimeoutSeconds: timeout } = state ?? {};
    if (typeof heartbeat === 'number' && typeof timeout === 'number' && heartbeat >= timeout) {
      return this.refuse('HeartbeatSeconds must be smaller than TimeoutSeconds', location);
    }
    return state;
  }

  private waitState(raw: RawState, location: string, language: QueryLanguage): State & { Type: 'Wait' } | undefined {
    const state = this.shaped(STATE_SHAPES.Wait, raw, location, language);
    if (state === undefined) return undefined;
    if (!this.isOneOf([state.Seconds, state.Timestamp], '[SecondsPath, Seconds, TimestampPath, Timestamp]', location)) return undefined;
    if (state.Timestamp !== undefined && !isExpression(state.Timestamp) && wholeSecondMs(state.Timestamp) === undefined) {
      return this.refuse('String does not match RFC3339 timestamp', `${location}/Timestamp`);
    }
    return state;
  }

  private parallelState(raw: RawState, location: string, language: QueryLanguage): ParallelState | undefined {
    const state = this.shaped(STATE_SHAPES.Parallel, raw, location, language);
    if (state === undefined) return undefined;
    const branches = state.Branches.map((branch, index) => this.nested(BLOCK_SHAPE, branch, `${location}/Branches[${index}]`));
    const parsed = branches.filter((branch) => branch !== undefined);
    return parsed.length === branches.length ? { ...state, Branches: parsed } : undefined;
  }

  private mapState(raw: RawState, location: string, language: QueryLanguage): MapState | undefined {
    // `Iterator` is what `ItemProcessor` was called before.
    const { Iterator: iterator, ...rest } = raw;
    if (!this.isOneOf([raw['ItemProcessor'], iterator], '[ItemProcessor, Iterator]', location)) return undefined;
    const field = iterator === undefined ? 'ItemProcessor' : 'Iterator';
    const state = this.shaped(STATE_SHAPES.Map, { ItemProcessor: iterator, ...rest }, location, language);
    if (state === undefined) return undefined;
    const ItemProcessor = this.nested(ITEM_PROCESSOR_SHAPE, state.ItemProcessor, `${location}/${field}`);
    return ItemProcessor === undefined ? undefined : { ...state, ItemProcessor };
  }

  private transition<T extends { Next?: string | undefined; End?: boolean | undefined }>(state: T | undefined, location: string): T | undefined {
    const isPlain = state === undefined || this.isOneOf([state.Next, state.End === true ? true : undefined], '[Next, End]', location);
    return isPlain ? state : undefined;
  }

  private isOneOf(values: readonly unknown[], fields: string, location: string): boolean {
    const count = values.filter((value) => value !== undefined).length;
    if (count === 0) this.refuse(`This object should have only one of the following fields: ${fields}`, location);
    if (count > 1) this.refuse(`There should only be one of the following fields: ${fields}`, location);
    return count === 1;
  }

  /** `States.ALL` stands alone in its list, and only in the last handler. */
  private handlers<T extends Pick<Extract<State, { Type: 'Task' }>, 'Retry' | 'Catch'>>(state: T | undefined, location: string): T | undefined {
    for (const field of ['Retry', 'Catch'] as const) {
      const lists = (state?.[field] ?? []).map((handler) => handler.ErrorEquals);
      for (const [index, names] of lists.entries()) {
        if (names.includes('States.ALL') && (names.length > 1 || index < lists.length - 1)) {
          return this.refuse('States.ALL must appear alone and at end of list', `${location}/${field}[${index}]/ErrorEquals`);
        }
      }
    }
    return state;
  }

  private refuse(message: string, location: string): undefined {
    this.diagnostics.add('SCHEMA_VALIDATION_FAILED', message, location);
  }

  /** @param language of the state whose shape it is; `undefined` for what has no fields that depend on it */
  private shaped<T>(shape: ZodType<T>, raw: unknown, location: string, language: QueryLanguage | undefined): T | undefined {
    const result = shape.safeParse(raw, { reportInput: true });
    if (result.success) return result.data;
    const missing = new Map<string, string[]>();
    for (const issue of result.error.issues) {
      const at = `${location}${pathText(issue.path)}`;
      if (issue.code === 'unrecognized_keys') {
        for (const field of issue.keys) this.refuse(unknownField(field, at, language), at || '/');
      } else if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_union')) {
        const owner = `${location}${pathText(issue.path.slice(0, -1))}`;
        missing.set(owner, [...(missing.get(owner) ?? []), String(issue.path.at(-1))]);
      } else {
        if (issue.path[0] === 'ProcessorConfig') throw notModelled(`a distributed Map (at ${at})`);
        this.refuse(wrongValue(issue, at), at || '/');
      }
    }
    for (const [owner, fields] of missing) this.refuse(`These fields are required: [${fields.join(', ')}]`, owner || '/');
    return undefined;
  }
}

type Issue = ZodError['issues'][number];

/** @throws {AwsError} NotModelledLocally for a variable that takes its value from a path */
function wrongValue(issue: Issue, location: string): string {
  if (issue.code === 'invalid_type') return `Expected value of type ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `Value should be one of the following: [${issue.values.join(', ')}]`;
  if (issue.code === 'too_small') return issue.origin === 'array' ? 'Value cannot be empty' : `Minimum value is ${issue.minimum}`;
  if (issue.code === 'too_big') return `Maximum value is ${issue.maximum}`;
  if (issue.code === 'invalid_key') return wrongKey(String(issue.path.at(-1)), issue.issues[0]?.message, location);
  // The first member of a union is the literal, the last an expression.
  const literal = issue.code === 'invalid_union' ? issue.errors[0]?.[0] : undefined;
  return literal === undefined ? issue.message : wrongValue(literal, location);
}

function wrongKey(key: string, message: string | undefined, location: string): string {
  if (key.endsWith('.$')) throw notModelled(`the JSONPath field '${key}' (at ${location})`);
  return `'${key}' ${message ?? 'is not valid'}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'Array',
  boolean: 'Boolean',
  int: 'Integer',
  number: 'Integer',
  object: 'Object',
  record: 'Object',
  string: 'String',
};

function pathText(path: readonly PropertyKey[]): string {
  return path.map((member) => (typeof member === 'number' ? `[${member}]` : `/${String(member)}`)).join('');
}

/** Fields of the language that are not interpreted. */
const FIELDS_NOT_MODELLED = new Set([
  'Credentials',
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'Label',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
]);

/** What is wrong with a field that a shape does not have. @throws {AwsError} NotModelledLocally for one that AWS knows */
function unknownField(field: string, location: string, language: QueryLanguage | undefined): string {
  if (FIELDS_NOT_MODELLED.has(field)) throw notModelled(`the field '${field}' (at ${location})`);
  if (language === undefined || !isJsonPathField(field)) return `Field '${field}' is not supported`;
  if (language === 'JSONPath') throw notModelled(`the JSONPath field '${field}' (at ${location})`);
  return onlyInJsonPath(field);
}

function onlyInJsonPath(field: string): string {
  return `The QueryLanguage is set to 'JSONata', but field '${field}' is only supported for the 'JSONPath' QueryLanguage`;
}
