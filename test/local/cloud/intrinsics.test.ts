import { referencesIn, resolve, type Scope } from '../../../local/cloud/intrinsics';
import { creationOrder } from '../../../local/cloud/order';

const SCOPE: Scope = {
  ref: (name) => ({ 'AWS::Region': 'eu-central-1', Table: 'table-1', List: ['a', 'b'] })[name] ?? fail(name),
  getAtt: (logicalId, attribute) => `${logicalId}/${attribute}`,
  condition: (name) => name === 'Yes',
};

function fail(name: string): never {
  throw new Error(`no ${name}`);
}

test.each<[string, unknown, unknown]>([
  ['plain values', { a: [1, 'x', true, null] }, { a: [1, 'x', true, null] }],
  ['Ref', { Ref: 'Table' }, 'table-1'],
  ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
  ['Fn::GetAtt with a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'Table/Arn'],
  ['Fn::GetAtt with a nested attribute', { 'Fn::GetAtt': 'Stack.Outputs.Url' }, 'Stack/Outputs.Url'],
  ['Fn::Join', { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Region' }, 1]] }, 'arn:eu-central-1:1'],
  ['Fn::Join over a list', { 'Fn::Join': ['-', { Ref: 'List' }] }, 'a-b'],
  ['Fn::Sub', { 'Fn::Sub': '${AWS::Region}/${Table}/${Table.Arn}/${!Literal}' }, 'eu-central-1/table-1/Table/Arn/${Literal}'],
  ['Fn::Sub with variables', { 'Fn::Sub': ['${a}-${Table}', { a: { Ref: 'AWS::Region' } }] }, 'eu-central-1-table-1'],
  ['Fn::Select', { 'Fn::Select': ['1', { Ref: 'List' }] }, 'b'],
  ['Fn::Split', { 'Fn::Split': ['/', { 'Fn::GetAtt': ['Table', 'Arn'] }] }, ['Table', 'Arn']],
  ['Fn::If', { 'Fn::If': ['Yes', { Ref: 'Table' }, 'no'] }, 'table-1'],
  ['Fn::If, the other branch', { 'Fn::If': ['No', { Ref: 'Missing' }, 'no'] }, 'no'],
  ['AWS::NoValue leaves a property out', { a: 1, b: { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
  ['AWS::NoValue leaves an element out', [1, { Ref: 'AWS::NoValue' }], [1]],
  ['Fn::Equals', { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] }, true],
  ['Fn::And, Or, Not', { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Not': [{ Condition: 'No' }] }] }] }, true],
  ['the Condition of a policy statement is no function', { Condition: { StringEquals: { a: { Ref: 'Table' } } } }, { Condition: { StringEquals: { a: 'table-1' } } }],
  ['members beside a function name are data', { Ref: 'Table', other: 1 }, { Ref: 'Table', other: 1 }],
])('resolves %s', (_case, value, expected) => {
  expect(resolve(value, SCOPE)).toEqual(expected);
});

test.each<[string, unknown, string]>([
  ['Fn::ImportValue', { 'Fn::ImportValue': 'x' }, 'Fn::ImportValue'],
  ['Fn::Transform', { a: [{ 'Fn::Transform': {} }] }, 'Fn::Transform'],
  ['an unknown name', { Ref: 'Nobody' }, 'Nobody'],
  ['a selection past the end', { 'Fn::Select': [2, ['a']] }, 'no element 2'],
  ['wrong arguments', { 'Fn::Join': ['a'] }, 'Fn::Join'],
])('refuses %s by name', (_case, value, message) => {
  expect(() => resolve(value, SCOPE)).toThrow(message);
});

test('finds every reference', () => {
  const value = { a: { Ref: 'A' }, b: [{ 'Fn::GetAtt': ['B', 'Arn'] }, { 'Fn::GetAtt': 'C.Arn' }], c: { 'Fn::Sub': ['${D}${E.Arn}${!F}', { D: { Ref: 'G' } }] } };
  expect(referencesIn(value)).toEqual(['A', 'B', 'C', 'D', 'E', 'G']);
});

describe('resources are made', () => {
  const of = (references: Record<string, unknown>) => ({ Type: 'T', Properties: references });

  test('after what they refer to and depend on, else in their order', () => {
    const resources = { A: of({ x: { Ref: 'C' } }), B: { ...of({}), DependsOn: ['D'] }, C: of({ p: { Ref: 'AWS::Region' } }), D: of({}) };
    expect(creationOrder(resources)).toEqual(['C', 'A', 'D', 'B']);
  });

  test('never in a circle', () => {
    expect(() => creationOrder({ A: of({ x: { Ref: 'B' } }), B: of({ x: { Ref: 'A' } }) })).toThrow('A → B → A');
  });
});
