import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import { parseDefinition } from '../../../local/asl/parse-definition';
import { machine, TASK } from './kit';

const PASS = { Type: 'Pass', End: true };
const parse = (definition: Json) => () => parseDefinition(JSON.stringify(definition));
const processor = (state: Json, more: { readonly [field: string]: Json } = {}): Json => ({ StartAt: 'I', States: { I: state }, ...more });

describe('refuses by name what is not interpreted', () => {
  test.each<readonly [what: string, definition: Json, message: RegExp]>([
    ['InputPath', machine({ A: { ...PASS, InputPath: '$' } }), /JSONPath field 'InputPath' \(state 'A'\)/],
    ['ResultPath of a catcher', machine({ A: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['E'], ResultPath: '$', Next: 'B' }], Next: 'B' }, B: PASS }), /'ResultPath' \(state 'A'\)/],
    ['a Choice by Variable', machine({ A: { Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'B' }] }, B: PASS }), /'Variable' \(state 'A'\)/],
    ['a name that ends in .$', machine({ A: { Type: 'Task', Resource: TASK, Arguments: { deep: [{ 'x.$': '$.x' }] }, End: true } }), /'x\.\$' \(state 'A'\)/],
    ['Parameters in JSONPath', { StartAt: 'A', States: { A: { ...PASS, Parameters: {} } } }, /'Parameters' \(state 'A'\)/],
    ['Output in a JSONPath state', { StartAt: 'A', States: { A: { ...PASS, Output: 1 } } }, /'Output' in the JSONPath state 'A'/],
    ['an expression in a JSONPath state', { StartAt: 'A', States: { A: { Type: 'Fail', Cause: '{% 1 %}' } } }, /expression in the JSONPath state 'A'/],
    ['a path inside a branch', machine({ P: { Type: 'Parallel', Branches: [processor({ ...PASS, OutputPath: '$' })], End: true } }), /'OutputPath' \(state 'I'\)/],
    ['a distributed Map', machine({ M: { Type: 'Map', ItemProcessor: processor(PASS, { ProcessorConfig: { Mode: 'DISTRIBUTED' } }), End: true } }), /a distributed Map/],
    ['an ItemReader', machine({ M: { Type: 'Map', ItemReader: {}, ItemProcessor: processor(PASS), End: true } }), /'ItemReader'/],
    ['Credentials', machine({ T: { Type: 'Task', Resource: TASK, Credentials: { RoleArn: 'r' }, End: true } }), /'Credentials'/],
  ])('%s', (_, definition, message) => {
    expect(parse(definition)).toThrow(expect.objectContaining({ code: 'NotModelledLocally', message: expect.stringMatching(message) as string }) as Error);
  });
});

describe('refuses as AWS does', () => {
  test.each<readonly [what: string, definition: Json, message: RegExp]>([
    ['no States', { StartAt: 'A' }, /^Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: \[States\] at \/'$/],
    ['an unknown StartAt', { StartAt: 'Z', States: { A: PASS } }, /MISSING_TRANSITION_TARGET.*'Z'/],
    ['an unknown Next', machine({ A: { Type: 'Pass', Next: 'Z' } }), /MISSING_TRANSITION_TARGET.*'Z'/],
    ['an unknown Catch target', machine({ A: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['E'], Next: 'Z' }], End: true } }), /'Z'/],
    ['a state that nothing reaches', machine({ A: PASS, B: PASS }), /"B" is not reachable/],
    ['neither Next nor End', machine({ A: { Type: 'Pass' } }), /\[Next, End\] at \/States\/A/],
    ['Next and End', machine({ A: { Type: 'Pass', Next: 'A', End: true } }), /\[Next, End\]/],
    ['Seconds and Timestamp', machine({ A: { Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', End: true } }), /\[Seconds, Timestamp\]/],
    ['a field of no state type', machine({ A: { ...PASS, Colour: 'red' } }), /'Colour' at \/States\/A/],
    ['an unknown type', machine({ A: { Type: 'Loop' } }), /'Loop' is not a state type/],
    ['States.ALL among others', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['States.ALL', 'E'] }], End: true } }), /States\.ALL must appear alone/],
    ['States.ALL before others', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }], End: true } }), /last/],
    ['a back-off below 1', machine({ A: { Type: 'Task', Resource: TASK, Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }], End: true } }), /BackoffRate/],
    ['JSONata that does not compile', machine({ A: { Type: 'Pass', Output: '{% 1 + %}', End: true } }), /'1 \+' is not valid/],
    ['JSONPath inside JSONata', machine({ A: { ...PASS, QueryLanguage: 'JSONPath' } }), /can not be 'JSONPath'/],
    [
      'a variable of an outer scope assigned inside',
      machine({ P: { Type: 'Parallel', Assign: { x: 1 }, Branches: [processor({ ...PASS, Assign: { x: 2 } })], End: true } }),
      /'x' is already assigned in an outer scope/,
    ],
  ])('%s', (_, definition, message) => {
    expect(parse(definition)).toThrow(expect.objectContaining({ code: 'InvalidDefinition', message: expect.stringMatching(message) as string }) as Error);
  });

  test('what is no JSON', () => {
    expect(() => parseDefinition('not a definition')).toThrow(/INVALID_JSON_DESCRIPTION/);
  });
});

test('accepts a definition without query language that needs no paths', () => {
  expect(parse({ StartAt: 'A', States: { A: { ...PASS, Result: { x: 1 } } } })).not.toThrow();
});

test("accepts keyturn's own workflow", () => {
  const workflow = readFileSync(join(__dirname, '../../../statemachine/key-rotation.asl.json'), 'utf8');
  expect(() => parseDefinition(workflow)).not.toThrow();
});
