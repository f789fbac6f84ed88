import * as dynalite from 'dynalite/validations';
import type { DynaliteExpressions, ExpressionMembers } from '../../../local/dynamodb/expressions';
import { parseByGroups } from '../../../local/dynamodb/grouped-conditions';
import { key, refusal, setUp } from './setup';

const VALUES = { ':a': { N: '1' }, ':b': { N: '2' } };

function scanned(FilterExpression: string) {
  const { call, put } = setUp();
  put({ ...key('p', 's'), n: { N: '1' } });
  return call('Scan', { FilterExpression, ExpressionAttributeValues: VALUES }).Count;
}

describe('conditions nested so deep that a grammar without memoization would never end', () => {
  test.each<[string, string, number]>([
    ['to the left, as boto3 chains them', `${'('.repeat(60)}n = :a${' and n <> :b)'.repeat(60)}`, 1],
    ['to the right', `${'(n = :b or '.repeat(60)}n = :a${')'.repeat(60)}`, 1],
    ['to both sides', `${'((n = :b or n <> :a) or (n = :a and '.repeat(40)}(n <> :b)${'))'.repeat(40)}`, 1],
    ['under NOT', `${'not (n = :b or '.repeat(61)}n = :a${')'.repeat(61)}`, 0],
    ['with operands in parentheses', `${'('.repeat(60)}(n) = (:a)${' and (n) in ((:a), :b) and (size(pk)) between (:a) and (:b))'.repeat(60)}`, 1],
  ])('%s are answered', (_case, condition, count) => {
    expect(scanned(condition)).toBe(count);
  });

  test.each<[string, string, string]>([
    ['redundant parentheses', `${'('.repeat(60)}n = :a and n <> :b${')'.repeat(60)}`, 'The expression has redundant parentheses;'],
    ['redundant parentheses around an operand', `${'('.repeat(60)}n${')'.repeat(60)} = :a and n <> :b`, 'The expression has redundant parentheses;'],
    ['parentheses that are not closed', `${'('.repeat(60)}n = :a and n <> :b`, 'Syntax error; token: "<EOF>", near: " and n <> :b"'],
    ['parentheses that are not opened', `n = :a and n <> :b${')'.repeat(60)}`, 'Syntax error; token: ")", near: "))))))))))))"'],
  ])('%s are refused', (_case, condition, message) => {
    expect(refusal(() => scanned(condition)).message).toBe(`Invalid FilterExpression: ${message}`);
  });
});

const NAMES = { '#n': 'n', '#g': 'g', '#in': 'in', '#m': 'm' };

/** What dynalite makes of a request as a whole. */
function asAWhole(request: ExpressionMembers): DynaliteExpressions | string {
  const data: DynaliteExpressions = { ...request };
  return dynalite.validateExpressions(data) ?? data;
}

function byGroups(request: ExpressionMembers): DynaliteExpressions | string {
  try {
    return parseByGroups(request);
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  '((#n = :a or #g.x = :b) and #in <> :a)',
  'not ((#n = :a and size(#m) > :b) or not (#g = :b))',
  '((size(#in)) > :a and (#g) < (:b)) and ((#m.y[1] in ((:a), :b)) or #n between (:a) and (:b))',
  '((attribute_exists(#n)) and (not attribute_exists(#g))) or((#m=:a)and(#in=:b))',
  '(((#n = :a) and (#g = :b)) or (#m.z > #in))',
  '((#n = :a and #g = :c) or #m = #in)',
  '((#n = :a and #g = :b) or #m = #x) and #in = :a',
  '(((#n = :a and #g = :b)) or #m = #in)',
  '((#n = #n or #g = :b) or #m = :a) and #in = :a',
  '((foo(#n) or #g = :b) or #m = :a) and #in = :a',
  '((#n = :a or #g = :b) and #in = :a)',
  '((#n = :a or #g = :b) and size(#m = :a)) and #in = :a',
])('a condition means the same by groups as as a whole: %s', (FilterExpression) => {
  const request = { FilterExpression, ProjectionExpression: 'pk, #m', ExpressionAttributeNames: NAMES, ExpressionAttributeValues: VALUES };
  const whole = asAWhole(request);
  const grouped = byGroups(request);
  // What a grammar had expected depends on what else it was given.
  const judged = (result: DynaliteExpressions | string): unknown => (typeof result === 'string' ? result.replace(/Expected.*/, '') : result._filter);
  expect(judged(grouped)).toEqual(judged(whole));
});
