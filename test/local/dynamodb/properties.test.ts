import fc from 'fast-check';
import { AwsError } from '../../../local/kernel/aws-error';
import { Dynalite } from './dynalite';
import { key, setUp, TABLE } from './setup';

describe('any sequence of conditional writes', () => {
  type Step =
    | { readonly kind: 'create' | 'delete'; readonly sk: string }
    | { readonly kind: 'advance'; readonly sk: string; readonly from: number }
    | { readonly kind: 'both'; readonly sk: string; readonly from: number; readonly other: string };

  const sk = fc.constantFrom('a', 'b', 'c');
  const from = fc.nat(2);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom('create' as const, 'delete' as const), sk }),
    fc.record({ kind: fc.constant('advance' as const), sk, from }),
    fc.record({ kind: fc.constant('both' as const), sk, from, other: fc.constantFrom('d', 'e') }),
  );

  /** The same write on a plain map; `false` when its condition fails. */
  function onModel(model: Map<string, number>, write: Step): boolean {
    const version = model.get(write.sk);
    switch (write.kind) {
      case 'create':
        if (version !== undefined) return false;
        model.set(write.sk, 0);
        return true;
      case 'delete':
        return model.delete(write.sk);
      case 'advance':
        if (version !== write.from) return false;
        model.set(write.sk, version + 1);
        return true;
      case 'both':
        if (version !== write.from || model.has(write.other)) return false;
        model.set(write.sk, version + 1);
        model.set(write.other, 0);
        return true;
    }
  }

  const create = (sortKey: string) => ({ Item: { ...key('p', sortKey), v: { N: '0' } }, ConditionExpression: 'attribute_not_exists(pk)' });
  const advance = (sortKey: string, version: number) => ({
    Key: key('p', sortKey),
    UpdateExpression: 'SET v = v + :one',
    ConditionExpression: 'v = :from',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':from': { N: String(version) } },
  });

  function onService({ call, callBare }: ReturnType<typeof setUp>, write: Step): boolean {
    const { TableName } = TABLE;
    try {
      switch (write.kind) {
        case 'create':
          call('PutItem', create(write.sk));
          return true;
        case 'delete':
          call('DeleteItem', { Key: key('p', write.sk), ConditionExpression: 'attribute_exists(pk)' });
          return true;
        case 'advance':
          call('UpdateItem', advance(write.sk, write.from));
          return true;
        case 'both':
          callBare('TransactWriteItems', {
            TransactItems: [{ Update: { TableName, ...advance(write.sk, write.from) } }, { Put: { TableName, ...create(write.other) } }],
          });
          return true;
      }
    } catch (error) {
      if (error instanceof AwsError && /ConditionalCheckFailed/.test(error.code + error.message)) return false;
      throw error;
    }
  }

  test('does what it does to a plain map, and the trace leads from nothing to the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const model = new Map<string, number>();
        const all = setUp();
        for (const write of steps) expect(onService(all, write)).toBe(onModel(model, write));

        const { Items = [] } = all.call('Query', { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p' } } });
        expect(new Map(Items.map((item) => [item['sk']?.S, Number(item['v']?.N)]))).toEqual(model);

        const replayed = new Map<string, unknown>();
        for (const { sk: sortKey, before, after } of all.written()) {
          expect(replayed.get(sortKey) ?? null).toEqual(before);
          if (after === null) replayed.delete(sortKey);
          else replayed.set(sortKey, after);
        }
        expect([...replayed.keys()].sort()).toEqual([...model.keys()].sort());
      }),
      { numRuns: 100 },
    );
  });
});

describe('dynalite itself', () => {
  interface Request {
    readonly operation: 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';
    readonly input: object;
  }

  async function byDynalite(dynalite: Dynalite, { operation, input }: Request): Promise<unknown> {
    const outcome = await dynalite.call(operation, input);
    return 'answer' in outcome ? comparable(outcome.answer, input) : outcome;
  }

  function byUs({ call }: ReturnType<typeof setUp>, { operation, input }: Request): unknown {
    try {
      return comparable(call(operation, input), input);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { code: error.code, message: error.message };
    }
  }

  /**
   * Without what DynamoDB leaves open: the order of sets, and that of items with the same index key.
   * Without empty `Attributes`, which DynamoDB leaves out.
   */
  function comparable(answer: object, input: object): unknown {
    const plain = JSON.parse(JSON.stringify(answer), (name, value: unknown) =>
      (name === 'SS' || name === 'NS') && Array.isArray(value) ? [...(value as readonly string[])].sort() : value,
    ) as Record<string, unknown>;
    const items = plain['Items'] as { readonly sk: { readonly S: string } }[] | undefined;
    if ('IndexName' in input) items?.sort((left, right) => (left.sk.S < right.sk.S ? -1 : 1));
    if (JSON.stringify(plain['Attributes']) === '{}') delete plain['Attributes'];
    return plain;
  }

  const KEYS = ['a', 'ab', 'b'];
  const keys = fc.constantFrom(...KEYS).map((sk) => key('p', sk));
  const number = fc.constantFrom('0', '1', '-1.5', '10', '1e3', '0.25').map((N) => ({ N }));
  const text = fc.constantFrom('x', 'xy', 'é').map((S) => ({ S }));
  const set = fc.constantFrom(['r'], ['r', 's'], ['t']).map((SS) => ({ SS }));
  const attributes = fc.record(
    {
      n: fc.oneof(number, text),
      s: text,
      tags: set,
      doc: text.map((value) => ({ M: { leaf: value, row: { L: [value, { N: '1' }] } } })),
      dueShard: fc.constant({ S: '0' }),
      dueAt: number,
    },
    { requiredKeys: [] },
  );
  const values = { ':n': number, ':s': text, ':tags': set };
  const CONDITIONS = ['attribute_exists(s)', 'n = :n', 'n <> :n', 'n < :n', 'n >= :n', 's = :s', 'begins_with(s, :s)', 'contains(tags, :s)', 'size(s) > :n', 'doc.leaf = :s', 'n IN (:n, :s)', 'NOT s > :s OR n = :n', 'tags = :tags', 'attribute_not_exists(doc.row[1]) AND n <= :n'];
  const UPDATES = ['SET n = :n', 'SET n = n + :n', 'SET n = n - :n, s = :s', 'SET s = if_not_exists(s, :s)', 'SET s = s', 'ADD n :n', 'ADD tags :tags', 'DELETE tags :tags', 'REMOVE s, doc.leaf', 'SET doc.leaf = :s REMOVE n', 'SET doc.row[1] = :n', 'SET doc.row[7] = :s', 'SET dueAt = :n REMOVE dueShard', 'SET dueShard = :s, dueAt = :n', 'SET nowhere.leaf = :s', 'REMOVE doc.row[0]'];
  const RANGES = ['', ' AND sk = :k', ' AND sk < :k', ' AND sk <= :k', ' AND sk > :k', ' AND sk >= :k', ' AND begins_with(sk, :k)', ' AND sk BETWEEN :k AND :l'];

  /** The values that the expressions use. */
  function usedIn(all: Readonly<Record<string, unknown>>, ...expressions: readonly (string | undefined)[]): object {
    const used = Object.entries(all).filter(([name]) => expressions.some((text) => text !== undefined && new RegExp(`${name}\\b`).test(text)));
    return used.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(used) };
  }

  const condition = fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined });
  const request: fc.Arbitrary<Request> = fc.oneof(
    fc.record({ k: keys, attributes, condition, ...values }).map(({ k, attributes: more, condition: ConditionExpression, ...all }): Request => ({
      operation: 'PutItem',
      input: { Item: { ...k, ...more }, ...(ConditionExpression && { ConditionExpression }), ...usedIn(all, ConditionExpression), ReturnValues: 'ALL_OLD' },
    })),
    fc
      .record({ Key: keys, condition, UpdateExpression: fc.constantFrom(...UPDATES), ReturnValues: fc.constantFrom('NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'), ...values })
      .map(({ Key, condition: ConditionExpression, UpdateExpression, ReturnValues, ...all }): Request => ({
        operation: 'UpdateItem',
        input: { Key, UpdateExpression, ReturnValues, ...(ConditionExpression && { ConditionExpression }), ...usedIn(all, UpdateExpression, ConditionExpression) },
      })),
    fc.record({ Key: keys }).map(({ Key }): Request => ({ operation: 'DeleteItem', input: { Key, ReturnValues: 'ALL_OLD' } })),
    fc
      .record({ range: fc.constantFrom(...RANGES), filter: condition, ScanIndexForward: fc.boolean(), Limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), ...values })
      .map(({ range, filter: FilterExpression, ScanIndexForward, Limit, ...all }): Request => {
        const KeyConditionExpression = `pk = :p${range}`;
        const bound = { ...all, ':p': { S: 'p' }, ':k': { S: 'a' }, ':l': { S: 'b' } };
        return { operation: 'Query', input: { KeyConditionExpression, ScanIndexForward, ...(Limit && { Limit }), ...(FilterExpression && { FilterExpression }), ...usedIn(bound, KeyConditionExpression, FilterExpression) } };
      }),
    fc.constant<Request>({ operation: 'Query', input: { IndexName: 'due', KeyConditionExpression: 'dueShard = :p', ExpressionAttributeValues: { ':p': { S: '0' } } } }),
  );

  test('answers the same to any sequence of writes and queries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 25 }), async (requests) => {
        const dynalite = await Dynalite.start();
        const all = setUp();
        for (const each of requests) expect({ each, answer: byUs(all, each) }).toEqual({ each, answer: await byDynalite(dynalite, each) });
      }),
      { numRuns: 60 },
    );
  });
});
