import type { Item } from '../../../local/dynamodb/attribute-value';
import { CALLER, key, refusal, setUp, TABLE } from './setup';

const TableName = TABLE.TableName;
const MINUTE_MS = 60_000;

const putNew = (item: Item, more: object = {}) => ({ Put: { TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)', ...more } });
const bump = (pk: string, expected: string, more: object = {}) => ({
  Update: {
    TableName,
    Key: key(pk, 'META'),
    UpdateExpression: 'SET seq = seq + :one',
    ConditionExpression: 'seq = :seq',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':seq': { N: expected } },
    ...more,
  },
});
const noFreeze = { ConditionCheck: { TableName, Key: key('k', 'FREEZE'), ConditionExpression: 'attribute_not_exists(pk)' } };

function ready() {
  const all = setUp();
  all.put({ ...key('k', 'META'), seq: { N: '1' } });
  return { ...all, transact: (TransactItems: readonly object[], ClientRequestToken?: string) => all.callBare('TransactWriteItems', { TransactItems, ClientRequestToken }) };
}

describe('a transaction', () => {
  test('applies all of its parts, as one transaction in the trace, in their order', () => {
    const { get, put, transact, written } = ready();
    put(key('gone', 'x'));
    expect(transact([bump('k', '1'), putNew(key('k', 'LEDGER#2')), noFreeze, { Delete: { TableName, Key: key('gone', 'x') } }])).toEqual({});
    expect(get('k', 'META')?.['seq']).toEqual({ N: '2' });
    expect(get('k', 'LEDGER#2')).toEqual(key('k', 'LEDGER#2'));
    expect(get('gone', 'x')).toBeUndefined();
    const events = written().slice(2);
    expect(events.map(({ sk, before, after }) => [sk, before === null, after === null])).toEqual([
      ['META', false, false],
      ['LEDGER#2', true, false],
      ['x', false, true],
    ]);
    expect(new Set(events.map(({ transactionId }) => transactionId))).toEqual(new Set(['transaction-1']));
    expect(events.map(({ actor, traceId }) => [actor, traceId])).toEqual(events.map(() => [CALLER.arn, CALLER.traceId]));
  });

  test('that fails in any part applies none, and gives a reason for each part', () => {
    const { get, put, transact, written } = ready();
    const event = { ...key('k', 'LEDGER#2'), what: { S: 'already' } };
    put(event);
    const parts = [bump('k', '1'), putNew(key('k', 'LEDGER#2'), { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), bump('nobody', '1', { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), noFreeze];
    const error = refusal(() => transact(parts));
    expect(error.code).toBe('TransactionCanceledException');
    expect(error.message).toBe('Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed, None]');
    expect(error.members).toEqual({
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: event },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
        { Code: 'None' },
      ],
    });
    expect(get('k', 'META')?.['seq']).toEqual({ N: '1' });
    expect(written()).toHaveLength(2);
  });

  test.each<[string, object, string]>([
    ['a path that does not fit', { Update: { TableName, Key: key('k', 'META'), UpdateExpression: 'REMOVE seq.x' } }, 'The document path provided in the update expression is invalid for update'],
    ['an attribute that is not there', { Update: { TableName, Key: key('k', 'META'), UpdateExpression: 'SET a = b' } }, 'The provided expression refers to an attribute that does not exist in the item'],
    ['a key that does not fit', { Delete: { TableName, Key: { pk: { S: 'k' } } } }, 'The provided key element does not match the schema'],
  ])('is cancelled for %s', (_case, part, message) => {
    const { transact, written } = ready();
    const error = refusal(() => transact([putNew(key('new', 'x')), part]));
    expect(error.message).toBe('Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]');
    expect(error.members).toEqual({ CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError', Message: message }] });
    expect(written()).toHaveLength(1);
  });

  const same = { Delete: { TableName, Key: key('k', 'META') } };
  test.each<[string, readonly object[], string, string]>([
    ['two parts on one item', [bump('k', '1'), same], 'ValidationException', 'Transaction request cannot include multiple operations on one item'],
    ['a check of an item that it writes', [{ ConditionCheck: { ...noFreeze.ConditionCheck, Key: key('k', 'META') } }, same], 'ValidationException', 'Transaction request cannot include multiple operations on one item'],
    ['an expression that does not parse', [putNew(key('a', 'b'), { ConditionExpression: 'size(pk)' })], 'ValidationException', 'Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size'],
    ['a table that does not exist', [putNew(key('a', 'b'), { TableName: 'nowhere' })], 'ResourceNotFoundException', 'Requested resource not found'],
    ['a part without an action', [{}], 'ValidationException', 'Invalid Request: TransactWriteRequest should contain Delete or Put or Update request'],
    ['a part with two actions', [{ ...same, ...noFreeze }], 'ValidationException', 'TransactItems can only contain one of Check, Put, Update or Delete'],
    ['a check without a condition', [{ ConditionCheck: { TableName, Key: key('a', 'b') } }], 'ValidationException', "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null"],
    ['no parts', [], 'ValidationException', "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"],
  ])('is refused for %s', (_case, parts, code, message) => {
    const { transact, written } = ready();
    const error = refusal(() => transact(parts));
    expect([error.code, error.message]).toEqual([code, message]);
    expect(written()).toHaveLength(1);
  });

  test('has at most 100 parts', () => {
    const { transact, written } = ready();
    const parts = (count: number) => Array.from({ length: count }, (_, index) => putNew(key('many', String(index))));
    const error = refusal(() => transact(parts(101)));
    expect(error.code).toBe('ValidationException');
    expect(error.message).toMatch(/at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/);
    transact(parts(100));
    expect(written()).toHaveLength(101);
  });
});

describe('a request token', () => {
  test('makes a replay after a lost answer a success without effect', () => {
    const { get, transact, written } = ready();
    transact([bump('k', '1')], 'token-1');
    expect(transact([bump('k', '1')], 'token-1')).toEqual({});
    expect(get('k', 'META')?.['seq']).toEqual({ N: '2' });
    expect(written()).toHaveLength(2);
  });

  test('does not depend on the order of members', () => {
    const { transact } = ready();
    transact([putNew({ pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '1.0' } })], 'token-1');
    expect(transact([putNew({ n: { N: '1.0' }, sk: { S: 'b' }, pk: { S: 'a' } })], 'token-1')).toEqual({});
  });

  test('is refused with other parts', () => {
    const { transact } = ready();
    transact([bump('k', '1')], 'token-1');
    expect(refusal(() => transact([bump('k', '2')], 'token-1')).code).toBe('IdempotentParameterMismatchException');
  });

  test('is forgotten after ten minutes', async () => {
    const { clock, transact } = ready();
    transact([bump('k', '1')], 'token-1');
    await clock.runUntil(clock.nowMs() + 10 * MINUTE_MS - 1);
    transact([bump('k', '1')], 'token-1');
    await clock.runUntil(clock.nowMs() + 1);
    expect(refusal(() => transact([bump('k', '1')], 'token-1')).code).toBe('TransactionCanceledException');
  });

  test('of a cancelled transaction can be used again', () => {
    const { transact } = ready();
    expect(refusal(() => transact([bump('k', '9')], 'token-1')).code).toBe('TransactionCanceledException');
    expect(transact([bump('k', '1')], 'token-1')).toEqual({});
  });

  test('has at most 36 characters', () => {
    const { transact } = ready();
    expect(refusal(() => transact([noFreeze], 'x'.repeat(37))).code).toBe('ValidationException');
  });
});

describe('a read transaction', () => {
  test('answers for each part, in their order', () => {
    const { callBare } = ready();
    const TransactItems = [
      { Get: { TableName, Key: key('nobody', 'x') } },
      { Get: { TableName, Key: key('k', 'META'), ProjectionExpression: 'seq' } },
    ];
    expect(callBare('TransactGetItems', { TransactItems })).toEqual({ Responses: [{}, { Item: { seq: { N: '1' } } }] });
  });

  test('is refused for one item twice, and cancelled for a key that does not fit', () => {
    const { callBare } = ready();
    const Get = { TableName, Key: key('k', 'META') };
    expect(refusal(() => callBare('TransactGetItems', { TransactItems: [{ Get }, { Get }] })).message).toBe('Transaction request cannot include multiple operations on one item');
    const error = refusal(() => callBare('TransactGetItems', { TransactItems: [{ Get: { TableName, Key: {} } }] }));
    expect([error.code, error.members]).toEqual([
      'TransactionCanceledException',
      { CancellationReasons: [{ Code: 'ValidationError', Message: 'The provided key element does not match the schema' }] },
    ]);
  });
});
