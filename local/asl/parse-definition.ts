import type { ZodError, ZodType } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
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
import { Diagnostics } from './invalid-definition';
import { checkQueryLanguage, isJsonPathField, type QueryLanguage } from './query-language';
import { checkReferences } from './references';
import { wholeSecondMs } from './timestamp';

/**
 * Parses the JSON text of a definition.
 * @throws {AwsError} InvalidDefinition when AWS would refuse it, with all its mistakes; NotModelledLocally, naming it, for what is not interpreted
 */
export function parseDefinition(text: string): StateMachineDefinition {
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
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ${reason}'`);
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
        return this.refuse(`Value '${raw.Type}' is not a state type`, `${location}/Type`);
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
    if ((state.Seconds === undefined) === (state.Timestamp === undefined)) {
      return this.refuse('One and only one of these fields is required: [Seconds, Timestamp]', location);
    }
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
    const field = iterator === undefined || 'ItemProcessor' in raw ? 'ItemProcessor' : 'Iterator';
    const state = this.shaped(STATE_SHAPES.Map, field === 'Iterator' ? { ...rest, ItemProcessor: iterator } : raw, location, language);
    if (state === undefined) return undefined;
    const ItemProcessor = this.nested(ITEM_PROCESSOR_SHAPE, state.ItemProcessor, `${location}/${field}`);
    return ItemProcessor === undefined ? undefined : { ...state, ItemProcessor };
  }

  private transition<T extends { Next?: string | undefined; End?: boolean | undefined }>(state: T | undefined, location: string): T | undefined {
    if (state !== undefined && (state.Next === undefined) === (state.End !== true)) {
      return this.refuse('One and only one of these fields is required: [Next, End]', location);
    }
    return state;
  }

  /** `States.ALL` stands alone in its list, and only in the last handler. */
  private handlers<T extends Pick<Extract<State, { Type: 'Task' }>, 'Retry' | 'Catch'>>(state: T | undefined, location: string): T | undefined {
    for (const field of ['Retry', 'Catch'] as const) {
      const lists = (state?.[field] ?? []).map((handler) => handler.ErrorEquals);
      for (const [index, names] of lists.entries()) {
        if (names.includes('States.ALL') && (names.length > 1 || index < lists.length - 1)) {
          return this.refuse('States.ALL must appear alone and in the last handler', `${location}/${field}[${index}]/ErrorEquals`);
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

/** @throws {AwsError} NotModelledLocally for a variable that takes its value from a path */
function wrongValue(issue: ZodError['issues'][number], location: string): string {
  if (issue.code === 'invalid_type') return `Expected value of type [${issue.expected.toUpperCase()}]`;
  if (issue.code !== 'invalid_key') return issue.message;
  const key = String(issue.path.at(-1));
  if (key.endsWith('.$')) throw notModelled(`the JSONPath field '${key}' (at ${location})`);
  return `'${key}' ${issue.issues[0]?.message ?? 'is not valid'}`;
}

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
