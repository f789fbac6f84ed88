import type { ZodError, ZodType } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
import {
  BLOCK_SHAPE,
  ITEM_PROCESSOR_SHAPE,
  MACHINE_SHAPE,
  STATE_SHAPES,
  type State,
  type StateMachineDefinition,
  type StatesBlock,
} from './definition';
import { invalidDefinition } from './invalid-definition';
import { checkQueryLanguage, type QueryLanguage } from './query-language';
import { checkReferences } from './references';

/**
 * Parses the JSON text of a definition.
 * @throws {AwsError} InvalidDefinition when AWS would refuse it; NotModelledLocally, naming it, for what is not interpreted
 */
export function parseDefinition(text: string): StateMachineDefinition {
  const machine = shaped(MACHINE_SHAPE, parseJson(text), '/');
  const block = parseStates(machine.StartAt, machine.States, machine.QueryLanguage ?? 'JSONPath', '');
  checkReferences(block);
  return machine.TimeoutSeconds === undefined ? block : { ...block, timeoutSeconds: machine.TimeoutSeconds };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ${reason}'`);
  }
}

function parseStates(startAt: string, raw: Readonly<Record<string, { Type: string }>>, language: QueryLanguage, path: string): StatesBlock {
  const states = new Map<string, State>();
  for (const [name, state] of Object.entries(raw)) {
    states.set(name, parseState(name, state, language, `${path}/States/${name}`));
  }
  return { startAt, states };
}

function parseState(name: string, raw: { Type: string; QueryLanguage?: unknown }, outer: QueryLanguage, location: string): State {
  if (outer === 'JSONata' && raw.QueryLanguage === 'JSONPath') {
    throw invalidDefinition(`'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine`, location);
  }
  const language = raw.QueryLanguage === 'JSONata' ? 'JSONata' : outer;
  checkQueryLanguage(name, raw, language, location);
  const nested = (block: unknown, shape: typeof BLOCK_SHAPE, at: string): StatesBlock => {
    const { StartAt, States } = shaped(shape, block, `${location}${at}`);
    return parseStates(StartAt, States, language, `${location}${at}`);
  };
  switch (raw.Type) {
    case 'Pass':
      return withTransition(shaped(STATE_SHAPES.Pass, raw, location), location);
    case 'Task':
      return withHandlers(withTransition(shaped(STATE_SHAPES.Task, raw, location), location), location);
    case 'Choice':
      return shaped(STATE_SHAPES.Choice, raw, location);
    case 'Wait': {
      const state = withTransition(shaped(STATE_SHAPES.Wait, raw, location), location);
      if ((state.Seconds === undefined) === (state.Timestamp === undefined)) {
        throw invalidDefinition('One and only one of these fields is required: [Seconds, Timestamp]', location);
      }
      return state;
    }
    case 'Succeed':
      return shaped(STATE_SHAPES.Succeed, raw, location);
    case 'Fail':
      return shaped(STATE_SHAPES.Fail, raw, location);
    case 'Parallel': {
      const state = withHandlers(withTransition(shaped(STATE_SHAPES.Parallel, raw, location), location), location);
      return { ...state, Branches: state.Branches.map((branch, index) => nested(branch, BLOCK_SHAPE, `/Branches[${index}]`)) };
    }
    case 'Map': {
      const state = withHandlers(withTransition(shaped(STATE_SHAPES.Map, raw, location), location), location);
      return { ...state, ItemProcessor: nested(state.ItemProcessor, ITEM_PROCESSOR_SHAPE, '/ItemProcessor') };
    }
    default:
      throw invalidDefinition(`Value '${raw.Type}' is not a state type`, `${location}/Type`);
  }
}

function withTransition<T extends { Next?: string | undefined; End?: boolean | undefined }>(state: T, location: string): T {
  if ((state.Next === undefined) === (state.End !== true)) {
    throw invalidDefinition('One and only one of these fields is required: [Next, End]', location);
  }
  return state;
}

/** `States.ALL` and `States.TaskFailed` are wildcards: alone in their list, and `States.ALL` only in the last handler. */
function withHandlers<T extends Pick<Extract<State, { Type: 'Task' }>, 'Retry' | 'Catch'>>(state: T, location: string): T {
  for (const field of ['Retry', 'Catch'] as const) {
    const lists = (state[field] ?? []).map((handler) => handler.ErrorEquals);
    lists.forEach((names, index) => {
      const isWildcard = names.includes('States.ALL');
      if (isWildcard && (names.length > 1 || index < lists.length - 1)) {
        throw invalidDefinition('States.ALL must appear alone and in the last handler', `${location}/${field}[${index}]/ErrorEquals`);
      }
    });
  }
  return state;
}

function shaped<T>(shape: ZodType<T>, raw: unknown, location: string): T {
  const result = shape.safeParse(raw, { reportInput: true });
  if (result.success) return result.data;
  throw refusal(result.error, location);
}

/** Fields of the language that are not interpreted; an unknown field is an invalid definition instead. */
const FIELDS_NOT_MODELLED = new Set([
  'Credentials',
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'Label',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Iterator',
]);

function refusal({ issues }: ZodError, location: string): AwsError {
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const notInterpreted = unknown.find((field) => FIELDS_NOT_MODELLED.has(field));
  if (notInterpreted !== undefined) return notModelled(`the field '${notInterpreted}' (at ${location})`);
  const missing = issues.filter((issue) => issue.code === 'invalid_type' && issue.input === undefined);
  if (missing.length > 0) {
    return invalidDefinition(`These fields are required: [${missing.map((issue) => issue.path.join('/')).join(', ')}]`, location);
  }
  if (unknown.length > 0) return invalidDefinition(`Field is not supported: '${unknown.join(', ')}'`, location);
  const [issue] = issues;
  const path = (issue?.path ?? []).join('/');
  const at = path === '' ? location : `${location === '/' ? '' : location}/${path}`;
  if (path.startsWith('ProcessorConfig')) return notModelled(`a distributed Map (at ${at})`);
  return invalidDefinition(issue?.message ?? 'is not valid', at);
}
