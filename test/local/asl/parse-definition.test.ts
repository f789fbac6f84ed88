import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import { parseDefinition } from '../../../local/asl/parse-definition';
import { machine, TASK } from './kit';

const PASS = { Type: 'Pass', End: true };
const parse = (definition: Json) => () => parseDefinition(JSON.stringify(definition));
const processor = (state: Json, more: { readonly [field: string]: Json } = {}): Json => ({ StartAt: 'I', States: { I: state }, ...more });

const JSONPATH_ONLY = (field: string): RegExp => new RegExp(`QueryLanguage is set to 'JSONata', but field '${field}' is only supported for the 'JSONPath' QueryLanguage at /States/`);
const JSONATA_ONLY = (field: string): RegExp => new RegExp(`QueryLanguage is set to 'JSONPath', but field '${field}' is only supported for the 'JSONata' QueryLanguage at /States/`);

describe('refuses by name what is not interpreted', () => {
  test.each<readonly [what: string, definition: Json, message: RegExp]>([
    ['a name that ends in .$', machine({ A: { Type: 'Task', Resource: TASK, Arguments: { deep: [{ 'x.$': '$.x' }] }, End: true } }), /'x\.\$' \(state 'A'\)/],
    ['Parameters in JSONPath', { StartAt: 'A', States: { A: { ...PASS, Parameters: {} } } }, /JSONPath field 'Parameters' \(at \/States\/A\)/],
    ['a Choice by Variable in JSONPath', { StartAt: 'A', States: { A: { Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'B' }] }, B: PASS } }, /'Variable' \(at \/States\/A\/Choices\[0\]\)/],
    ['a variable by path', { StartAt: 'A', States: { A: { ...PASS, Assign: { 'x.$': '$.x' } } } }, /'x\.\$'/],
    ['an ItemSelector in JSONPath', { StartAt: 'M', States: { M: { Type: 'Map', ItemSelector: {}, ItemProcessor: processor(PASS), End: true } } }, /'ItemSelector' in the JSONPath state 'M'/],
    ['an expression in a JSONPath state', { StartAt: 'A', States: { A: { Type: 'Fail', Cause: '{% 1 %}' } } }, /expression in the JSONPath state 'A'/],
    ['a distributed Map', machine({ M: { Type: 'Map', ItemProcessor: processor(PASS, { ProcessorConfig: { Mode: 'DISTRIBUTED' } }), End: true } }), /a distributed Map/],
    ['an ItemReader', machine({ M: { Type: 'Map', ItemReader: {}, ItemProcessor: processor(PASS), End: true } }), /'ItemReader'/],
    ['a machine that may run 0 seconds', machine({ A: PASS }, { TimeoutSeconds: 0 }), /TimeoutSeconds 0/],
    ['Credentials', machine({ T: { Type: 'Task', Resource: TASK, Credentials: { RoleArn: 'r' }, End: true } }), /'Credentials'/],
  ])('%s', (_, definition, message) => {
    expect(parse(definition)).toThrow(expect.objectContaining({ code: 'NotModelledLocally', message: expect.stringMatching(message) as string }) as Error);
  });
});

describe('refuses as AWS does', () => {
  test.each<readonly [what: string, definition: Json, message: RegExp | string]>([
    ['no States', { StartAt: 'A' }, "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"],
    ['a rule without Next and Condition', machine({ A: { Type: 'Choice', Choices: [{}], Default: 'B' }, B: PASS }), 'SCHEMA_VALIDATION_FAILED: These fields are required: [Condition, Next] at /States/A/Choices[0]'],
    ['a value of another type', machine({ A: { Type: 'Task', Resource: 1, End: true } }), 'SCHEMA_VALIDATION_FAILED: Expected value of type String at /States/A/Resource'],
    [
      'an unknown StartAt',
      { StartAt: 'Z', States: { A: PASS } },
      `MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /StartAt, MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A`,
    ],
    ['an unknown Next', machine({ A: { Type: 'Pass', Next: 'Z' } }), "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/Next, MISSING_END_STATE: Workflow has no terminal state at null"],
    ['an unknown Next of a rule', machine({ A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'Z' }], Default: 'B' }, B: PASS }), "Missing 'Next' target: Z at /States/A/Choices[0]/Next"],
    ['an unknown Default', machine({ A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'B' }], Default: 'Z' }, B: PASS }), "Missing 'Next' target: Z at /States/A/Default"],
    ['an unknown Catch target', machine({ A: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['E'], Next: 'Z' }], End: true } }), "Missing 'Next' target: Z at /States/A/Catch[0]/Next"],
    ['an unknown StartAt in a branch', machine({ P: { Type: 'Parallel', Branches: [{ StartAt: 'Z', States: { I: PASS } }], End: true } }), "Missing 'Next' target: Z at /States/P/Branches[0]/StartAt"],
    ['a state that nothing reaches', machine({ A: PASS, B: PASS }), `MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B`],
    ['a loop without an end', machine({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' }, C: { Type: 'Pass', Next: 'A' } }), /^Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'$/],
    ['one name in two branches', machine({ P: { Type: 'Parallel', Branches: [processor(PASS), processor(PASS)], End: true } }), 'DUPLICATE_STATE_NAME: Duplicate State name: I at /States/P/Branches[1]/States/I'],
    ['a name of more than 80 characters', machine({ ['x'.repeat(81)]: PASS }), /INVALID_STATE_NAME: State name 'x{81}' exceeds the 80-character limit allowed by the service at/],
    ['neither Next nor End', machine({ A: { Type: 'Pass' } }), 'This object should have only one of the following fields: [Next, End] at /States/A'],
    ['Next and End', machine({ A: { Type: 'Pass', Next: 'A', End: true } }), 'There should only be one of the following fields: [Next, End] at /States/A'],
    ['Seconds and Timestamp', machine({ A: { Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', End: true } }), 'There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/A'],
    ['a time stamp without a zone', machine({ A: { Type: 'Wait', Timestamp: '2026-01-01T00:00:00', End: true } }), 'SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/A/Timestamp'],
    ['fields of no state type, each', machine({ A: { ...PASS, Colour: 'red', Size: 1 } }), "SCHEMA_VALIDATION_FAILED: Field 'Colour' is not supported at /States/A, SCHEMA_VALIDATION_FAILED: Field 'Size' is not supported at /States/A"],
    ['mistakes in several states', machine({ A: { Type: 'Pass', Next: 'B', x: 1 }, B: { ...PASS, y: 1 } }), /'x' is not supported at \/States\/A, .*'y' is not supported at \/States\/B'$/],
    ['TimeoutSeconds of a Map', machine({ M: { Type: 'Map', TimeoutSeconds: 1, ItemProcessor: processor(PASS), End: true } }), "SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/M"],
    ['QueryLanguage of an ItemProcessor', machine({ M: { Type: 'Map', ItemProcessor: processor(PASS, { QueryLanguage: 'JSONata' }), End: true } }), "Field 'QueryLanguage' is not supported at /States/M/ItemProcessor"],
    ['an unknown type', machine({ A: { Type: 'Loop' } }), 'Value should be one of the following: [Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map] at /States/A/Type'],
    ['States.ALL among others', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['States.ALL', 'E'] }], End: true } }), 'SCHEMA_VALIDATION_FAILED: States.ALL must appear alone and at end of list at /States/A/Retry[0]/ErrorEquals'],
    ['States.ALL before others', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }], End: true } }), 'alone and at end of list at /States/A/Retry[0]/ErrorEquals'],
    ['a back-off below 1', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }], End: true } }), 'SCHEMA_VALIDATION_FAILED: Minimum value is 1 at /States/A/Retry[0]/BackoffRate'],
    ['a strategy that does not exist', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'HALF' }], End: true } }), 'Value should be one of the following: [NONE, FULL] at /States/A/Retry[0]/JitterStrategy'],
    ['no names of errors', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: [] }], End: true } }), 'Value cannot be empty at /States/A/Retry[0]/ErrorEquals'],
    ['a time-out of 0', machine({ A: { Type: 'Task', Resource: TASK, TimeoutSeconds: 0, End: true } }), 'Minimum value is 1 at /States/A/TimeoutSeconds'],
    ['a wait of more than 99999999 seconds', machine({ A: { Type: 'Wait', Seconds: 100_000_000, End: true } }), 'Maximum value is 99999999 at /States/A/Seconds'],
    ['seconds as text', machine({ A: { Type: 'Wait', Seconds: '5', End: true } }), 'Expected value of type Integer at /States/A/Seconds'],
    ['half a second', machine({ A: { Type: 'Wait', Seconds: 0.5, End: true } }), 'Expected value of type Integer at /States/A/Seconds'],
    ['neither Seconds nor Timestamp', machine({ A: { Type: 'Wait', End: true } }), 'This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp]'],
    ['a Map without a processor', machine({ M: { Type: 'Map', End: true } }), 'This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/M'],
    ['an unknown language', { QueryLanguage: 'SQL', StartAt: 'A', States: { A: PASS } }, 'Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage'],
    ['ExecutionType of an inline Map', machine({ M: { Type: 'Map', ItemProcessor: processor(PASS, { ProcessorConfig: { Mode: 'INLINE', ExecutionType: 'STANDARD' } }), End: true } }), "Field 'ExecutionType' is not supported at /States/M/ItemProcessor/ProcessorConfig"],
    ['heartbeats as slow as the time-out', machine({ A: { Type: 'Task', Resource: TASK, TimeoutSeconds: 5, HeartbeatSeconds: 5, End: true } }), /HeartbeatSeconds must be smaller than TimeoutSeconds at \/States\/A/],
    ['JSONPath inside JSONata', machine({ A: { ...PASS, QueryLanguage: 'JSONPath' } }), "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A"],
    ['InputPath in JSONata', machine({ A: { ...PASS, InputPath: '$' } }), JSONPATH_ONLY('InputPath')],
    ['Result in JSONata', machine({ A: { ...PASS, Result: 1 } }), JSONPATH_ONLY('Result')],
    ['ResultPath of a catcher in JSONata', machine({ A: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['E'], ResultPath: '$', Next: 'B' }], Next: 'B' }, B: PASS }), JSONPATH_ONLY('ResultPath')],
    ['a comparison in JSONata', machine({ A: { Type: 'Choice', Choices: [{ Condition: true, StringEqualsPath: '$.x', Next: 'B' }] }, B: PASS }), JSONPATH_ONLY('StringEqualsPath')],
    ['OutputPath in a branch in JSONata', machine({ P: { Type: 'Parallel', Branches: [processor({ ...PASS, OutputPath: '$' })], End: true } }), JSONPATH_ONLY('OutputPath')],
    ['Output in JSONPath', { StartAt: 'A', States: { A: { ...PASS, Output: 1 } } }, JSONATA_ONLY('Output')],
    ['Condition in JSONPath', { StartAt: 'A', States: { A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'B' }] }, B: PASS } }, JSONATA_ONLY('Condition')],
    [
      'Output inside a JSONata Map of a JSONPath machine: the language is not inherited from a state',
      { StartAt: 'M', States: { M: { Type: 'Map', QueryLanguage: 'JSONata', ItemProcessor: processor({ ...PASS, Output: 1 }), End: true } } },
      JSONATA_ONLY('Output'),
    ],
    ['a variable named states', machine({ A: { ...PASS, Assign: { states: 1 } } }), "'states' is not the name of a variable at /States/A/Assign/states"],
    ['a path as a variable', machine({ A: { ...PASS, Assign: { 'x.y': 1 } } }), "'x.y' is not the name of a variable"],
    [
      'a variable of an outer scope assigned inside',
      machine({ P: { Type: 'Parallel', Assign: { x: 1 }, Branches: [processor({ ...PASS, Assign: { x: 2 } })], End: true } }),
      /'x' is already assigned in an outer scope/,
    ],
  ])('%s', (_, definition, message) => {
    const expected = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message);
    expect(parse(definition)).toThrow(expect.objectContaining({ code: 'InvalidDefinition', message: expected as string }) as Error);
  });

  test('what is no JSON', () => {
    expect(() => parseDefinition('not a definition')).toThrow(/INVALID_JSON_DESCRIPTION/);
  });
});

describe('expressions are checked when they are written', () => {
  const INVALID = 'INVALID_JSONATA_EXPRESSION';
  const top = (name: string): string => `UNSUPPORTED_JSONATA_EXPRESSION: Reference to '${name}' at the top level is not supported. at /States/A/Output/v`;

  test.each([
    ['1 +', `${INVALID}: Unexpected end of expression at /States/A/Output/v`],
    ['a[1,2)', `${INVALID}: Expected "]", got "," at /States/A/Output/v`],
    ['{"a":}', `${INVALID}: The symbol "}" cannot be used as a unary operator at /States/A/Output/v`],
    ['phone', top('phone')],
    ['phone.number & $uppercase(name)', `${top('phone')}, ${top('name')}`],
    ['[1, {"k": (x; 2)}]', top('x')],
    ['$', top('$')],
    ['$$', top('$$')],
    ['$states.input[$$.x = 1]', top('$$')],
    ['$states.errorOutput.Error', top('$states.errorOutput')],
  ])('refuses %s', (source, message) => {
    expect(parse(machine({ A: { ...PASS, Output: { v: `{% ${source} %}` } } }))).toThrow(`Invalid State Machine Definition: '${message}'`);
  });

  test.each(['{% 1', '1 %}', ' {% 1 %}', '{% 1 %} '])("refuses '%s', which is not closed or not opened", (text) => {
    expect(parse(machine({ A: { ...PASS, Output: text } }))).toThrow('SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %} at /States/A/Output');
  });

  test.each([
    '$states.input.items[price > 10 and $.size].{"n": name}',
    '$states.input.items^(>price){kind: $sum(price)}',
    '$map($states.input, function($v) { $v.x })',
    '$states.input ~> |items|{"sold": total}|',
    '$states.input.(name)',
    '($x := 1; $x)',
  ])('accepts %s', (source) => {
    expect(parse(machine({ A: { ...PASS, Output: { v: `{% ${source} %}` } } }))).not.toThrow();
  });

  test('accepts the error output in a catcher', () => {
    const Catch = [{ ErrorEquals: ['E'], Assign: { why: '{% $states.errorOutput.Cause %}' }, Output: '{% $states.errorOutput %}', Next: 'B' }];
    expect(parse(machine({ A: { Type: 'Task', Resource: TASK, Catch, Next: 'B' }, B: PASS }))).not.toThrow();
  });

  test('says where in a rule', () => {
    const choices = [{ Condition: true, Next: 'B' }, { Condition: '{% x %}', Next: 'B' }];
    expect(parse(machine({ A: { Type: 'Choice', Choices: choices }, B: PASS }))).toThrow("'x' at the top level is not supported. at /States/A/Choices[1]/Condition");
  });
});

test('accepts a definition without query language that needs no paths', () => {
  expect(parse({ StartAt: 'A', States: { A: { ...PASS, Result: { x: 1 } } } })).not.toThrow();
});

test('accepts literals in a definition without query language', () => {
  const states = { A: { Type: 'Pass', Result: { 'x.$': '{% literal' }, Assign: { v: 1 }, Next: 'B' }, B: { Type: 'Fail', Error: 'E', Cause: 'C' } };
  expect(parse({ StartAt: 'A', States: states })).not.toThrow();
});

test("accepts keyturn's own workflow", () => {
  const workflow = readFileSync(join(__dirname, '../../../statemachine/key-rotation.asl.json'), 'utf8');
  expect(() => parseDefinition(workflow)).not.toThrow();
});
