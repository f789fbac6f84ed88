import { notModelled } from '../kernel/aws-error';
import { expressionProblems } from './expression-checks';
import { isExpression, sourceOf } from './expressions';
import type { Diagnostics } from './invalid-definition';

export type QueryLanguage = 'JSONata' | 'JSONPath';

const JSONPATH_FIELDS = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
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

/** The comparisons of a Choice rule in JSONPath: `StringEquals`, `NumericLessThanPath`, `IsPresent`… */
const COMPARISON = /^(?:(?:String|Numeric|Boolean|Timestamp)(?:Equals|LessThan|GreaterThan|Matches)|Is(?:Null|Present|String|Numeric|Boolean|Timestamp)$)/;

/** A field that JSONata states do not have. */
export function isJsonPathField(field: string): boolean {
  return JSONPATH_FIELDS.has(field) || COMPARISON.test(field);
}

/** Fields that JSONPath states do not have. */
const JSONATA_FIELDS = ['Arguments', 'Output', 'Items', 'Condition'] as const;

/** Fields of a state, of its rules and of its catchers that take JSONata. */
const EXPRESSION_FIELDS = [
  'Arguments',
  'Assign',
  'Cause',
  'Condition',
  'Error',
  'HeartbeatSeconds',
  'ItemSelector',
  'Items',
  'MaxConcurrency',
  'Output',
  'Seconds',
  'TimeoutSeconds',
  'Timestamp',
] as const;

/**
 * Checks the fields whose meaning depends on the query language. A state without any of them runs the same in both
 * languages, so definitions that never say `QueryLanguage` are accepted as long as they need no paths.
 * @throws {AwsError} NotModelledLocally, naming field and state, for what only a JSONPath interpreter could run
 */
export function checkQueryLanguage(stateName: string, state: object, language: QueryLanguage, location: string, diagnostics: Diagnostics): void {
  const check = (owner: object, at: string, isInCatcher: boolean): void => {
    if (language === 'JSONPath') requireNoExpressions(stateName, owner, at, diagnostics);
    else checkExpressions(stateName, owner, at, isInCatcher, diagnostics);
  };
  check(state, location, false);
  for (const [field, isInCatcher] of [['Choices', false], ['Catch', true]] as const) {
    const members: unknown = Object.entries(state).find(([key]) => key === field)?.[1];
    if (!Array.isArray(members)) continue;
    for (const [index, member] of members.entries()) if (isRecord(member)) check(member, `${location}/${field}[${index}]`, isInCatcher);
  }
}

function requireNoExpressions(stateName: string, owner: object, location: string, diagnostics: Diagnostics): void {
  for (const [field, value] of Object.entries(owner)) {
    if (JSONATA_FIELDS.some((name) => name === field)) {
      const message = `The QueryLanguage is set to 'JSONPath', but field '${field}' is only supported for the 'JSONata' QueryLanguage`;
      diagnostics.add('SCHEMA_VALIDATION_FAILED', message, location);
    } else if (field === 'ItemSelector') {
      throw notModelled(`the field 'ItemSelector' in the JSONPath state '${stateName}'`);
    } else if (EXPRESSION_FIELDS.some((name) => name === field)) {
      visitStrings(value, '', (text) => {
        // A literal on AWS; nobody means it so.
        if (isExpression(text)) throw notModelled(`a JSONata expression in the JSONPath state '${stateName}'`);
      }, stateName);
    }
  }
}

function checkExpressions(stateName: string, owner: object, location: string, isInCatcher: boolean, diagnostics: Diagnostics): void {
  for (const [field, value] of Object.entries(owner)) {
    if (!EXPRESSION_FIELDS.some((name) => name === field)) continue;
    visitStrings(value, `${location}/${field}`, (text, at) => {
      if (text.startsWith('{%') !== text.endsWith('%}')) {
        diagnostics.add('SCHEMA_VALIDATION_FAILED', 'JSONata string must start with {% and end with %}', at);
      } else if (isExpression(text)) {
        for (const { code, message } of expressionProblems(sourceOf(text), isInCatcher)) diagnostics.add(code, message, at);
      }
    }, stateName);
  }
}

/** @throws {AwsError} NotModelledLocally for a name that ends in `.$`: it asks for a path */
function visitStrings(value: unknown, location: string, see: (text: string, location: string) => void, stateName: string): void {
  if (typeof value === 'string') see(value, location);
  else if (Array.isArray(value)) value.forEach((element, index) => visitStrings(element, `${location}[${index}]`, see, stateName));
  else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key.endsWith('.$')) throw notModelled(`the JSONPath field '${key}' (state '${stateName}')`);
      visitStrings(member, `${location}/${key}`, see, stateName);
    }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
