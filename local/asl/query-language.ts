import jsonata from 'jsonata';
import { notModelled } from '../kernel/aws-error';
import { isExpression, sourceOf } from './expressions';
import { invalidDefinition } from './invalid-definition';

export type QueryLanguage = 'JSONata' | 'JSONPath';

const JSONPATH_FIELDS = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'ItemsPath',
  'MaxConcurrencyPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'SecondsPath',
  'TimestampPath',
  'ErrorPath',
  'CausePath',
  'Variable',
  'And',
  'Or',
  'Not',
]);

/** Fields whose meaning depends on the language: in a JSONPath state they would need a JSONPath interpreter, or be invalid. */
const JSONATA_FIELDS = new Set(['Arguments', 'Output', 'Assign', 'Items', 'ItemSelector', 'Condition']);

/** Where nested blocks begin: their states are looked at one by one. */
const NESTED_BLOCKS = new Set(['Branches', 'ItemProcessor', 'Iterator']);

/** Where data begins, in which names are the author's own, except that `name.$` asks for a path. */
const DATA_FIELDS = new Set(['Arguments', 'Output', 'Assign', 'ItemSelector', 'Result', 'Items']);

/**
 * Refuses what only a JSONPath interpreter could run, and JSONata that does not compile. A state without any field that
 * depends on the language runs the same in both, so definitions that never say `QueryLanguage` are accepted as long as
 * they need no paths.
 * @throws {AwsError} NotModelledLocally, naming field and state; InvalidDefinition for a syntax error
 */
export function checkQueryLanguage(stateName: string, state: object, language: QueryLanguage, location: string): void {
  const visit = (value: unknown, isData: boolean): void => {
    if (typeof value === 'string' && isExpression(value)) {
      if (language === 'JSONPath') throw notModelled(`a JSONata expression in the JSONPath state '${stateName}'`);
      checkSyntax(value, location);
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const isPath = key.endsWith('.$') || (!isData && JSONPATH_FIELDS.has(key));
      const isJsonata = language === 'JSONPath' && !isData && JSONATA_FIELDS.has(key);
      if (isPath) throw notModelled(`the JSONPath field '${key}' (state '${stateName}')`);
      if (isJsonata) throw notModelled(`the field '${key}' in the JSONPath state '${stateName}'`);
      if (!NESTED_BLOCKS.has(key) || isData) visit(member, isData || DATA_FIELDS.has(key));
    }
  };
  visit(state, false);
}

function checkSyntax(template: string, location: string): void {
  try {
    jsonata(sourceOf(template));
  } catch (error) {
    const reason = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'syntax error';
    throw invalidDefinition(`The JSONata expression '${sourceOf(template)}' is not valid: ${reason}`, location);
  }
}
