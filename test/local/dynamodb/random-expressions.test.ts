import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { AwsError } from '../../../local/kernel/aws-error';
import { dynoxidePath, startDynoxide } from '../../contracts/dynamodb-dynoxide';
import { Dynalite, type Outcome } from './dynalite';
import { binaries, documents, numbers, randomCases, sets, texts, type RandomCall, type RandomCase } from './random-expressions';
import { setUp, TABLE } from './setup';

/** How many random cases each comparison tries. More find more: `DYNAMODB_RUNS=20000 npx jest random-expressions`. */
const RUNS = Number(process.env['DYNAMODB_RUNS'] ?? 250);

type Caller = (operation: RandomCall['operation'], input: object) => Promise<Outcome>;

const plain = fc.oneof(numbers(12), texts('x', 'xy', 'y', 'é'), sets);
const any = fc.oneof(numbers(38), texts('', 'x', 'xy', 'y', 'é', '\u{1D11E}', '\uE000'), binaries([], [0x78], [0xff], [0xfe, 0x78]), sets, fc.constantFrom({ BOOL: true }, { BOOL: false }, { NULL: true }));

const anything = fc.oneof({ weight: 4, arbitrary: any }, { weight: 1, arbitrary: documents(any) });
const KEY = { pk: { S: 'p' }, sk: { S: 's' } };

function ours(): Caller {
  const { call } = setUp();
  return async (operation, input) => {
    try {
      return { answer: call(operation, input) };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { code: error.code, message: error.message };
    }
  };
}

/** Without what DynamoDB leaves open (the order of sets), without empty `Attributes`, without the words of refusals. */
function comparable(outcome: Outcome): unknown {
  if (!('answer' in outcome)) return outcome.code;
  const isSet = (name: string, value: unknown): value is string[] => (name === 'SS' || name === 'NS' || name === 'BS') && Array.isArray(value);
  const answer = JSON.parse(JSON.stringify(outcome.answer), (name, value: unknown) => (isSet(name, value) ? [...value].sort() : value)) as Record<string, unknown>;
  if (JSON.stringify(answer['Attributes']) === '{}') delete answer['Attributes'];
  return answer;
}

/** A known fault of another implementation: what it makes of a call, when ours comes to something else. */
interface Fault {
  readonly what: string;
  readonly explains: (call: RandomCall, ours: Outcome, theirs: Outcome) => boolean;
}

/** Plays a case on both, up to a call at which a known fault shows: after that the items may differ. */
async function play(us: Caller, them: Caller, { item, calls }: RandomCase, faults: readonly Fault[], tally: Map<string, number>): Promise<void> {
  const both = (operation: RandomCall['operation'], input: object) => Promise.all([us(operation, input), them(operation, input)]);
  const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  await both('DeleteItem', { Key: KEY });
  if (item !== undefined) await both('PutItem', { Item: item });
  for (const call of calls) {
    const [mine, theirs] = await both(call.operation, call.input);
    const [myItem, theirItem] = await both('GetItem', { Key: KEY });
    const isSame = isDeepStrictEqual([comparable(mine), comparable(myItem)], [comparable(theirs), comparable(theirItem)]);
    const fault = isSame ? undefined : faults.find(({ explains }) => explains(call, mine, theirs));
    count(fault?.what ?? ('answer' in mine ? 'answered alike' : 'refused alike'));
    if (fault !== undefined) return;
    expect({ call, outcome: comparable(mine), words: mine, item: comparable(myItem) }).toEqual({ call, outcome: comparable(theirs), words: expect.anything(), item: comparable(theirItem) });
  }
}

/** Plays random cases; the tally says how often what happened. */
async function playRandom(cases: fc.Arbitrary<RandomCase>, other: () => Promise<Caller>, faults: readonly Fault[]): Promise<ReadonlyMap<string, number>> {
  const tally = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, async (each) => play(ours(), await other(), each, faults, tally)),
    { numRuns: RUNS },
  );
  return tally;
}

/** A comparison is worth something only when most calls are answered or refused alike. */
function expectMostAlike(tally: ReadonlyMap<string, number>): void {
  const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
  const [answered = 0, refused = 0] = ['answered alike', 'refused alike'].map((what) => tally.get(what));
  expect(answered).toBeGreaterThan(total / 4);
  expect(answered + refused).toBeGreaterThan(total / 2);
}

const isStatic = (outcome: Outcome): boolean =>
  'code' in outcome && /Expression: (?:Incorrect operand type|The first operand must be distinct|The BETWEEN operator requires|Two document paths conflict)/.test(outcome.message);

/** Faults of dynoxide 1.2.1. */
const DYNOXIDE_FAULTS: readonly Fault[] = [
  { what: 'dynoxide reads operands only when it compares them', explains: (_call, mine) => isStatic(mine) },
  {
    what: 'dynoxide shows the key of an item that was not there',
    explains: ({ input }, mine) => /"ALL_OLD"/.test(JSON.stringify(input)) && 'answer' in mine && Object.keys(mine.answer).length === 0,
  },
  {
    what: 'dynoxide follows a path that leads nowhere',
    explains: ({ input }, mine) => /REMOVE|DELETE|ADD/.test(JSON.stringify(input)) && 'code' in mine && mine.message === 'The document path provided in the update expression is invalid for update',
  },
];

/** Faults of dynalite 4.0.0. */
const DYNALITE_FAULTS: readonly Fault[] = [{ what: 'dynalite orders sets', explains: ({ input }) => hasSetAmongCompared(input) && /[<>]=? |BETWEEN/.test(JSON.stringify(input)) }];

/** Whether a condition compares with a set. */
function hasSetAmongCompared(input: object): boolean {
  return /":c\d":\{"[SN]S"/.test(JSON.stringify(input));
}

/** dynalite 4.0.0 makes an item that contains itself of `SET a.b = a`, and never answers. */
function copiesIntoItself({ input }: RandomCall): boolean {
  const { UpdateExpression: expression = '', ExpressionAttributeNames: names = {} } = input as { readonly UpdateExpression?: string; readonly ExpressionAttributeNames?: Readonly<Record<string, string>> };
  const resolved = expression.replace(/#\w+/g, (name) => names[name] ?? name);
  const assignments = resolved.split(/(?:, |SET |REMOVE |ADD |DELETE )(?=[\w.[\]]+ = )/).map((part) => part.split(' = '));
  return assignments.some(([to = '', from = '']) => (from.match(/[a-z][\w.[\]]*/gi) ?? []).some((path) => to.startsWith(`${path}.`) || to.startsWith(`${path}[`)));
}

test('what copies an attribute into itself is recognized', () => {
  const isSo = (UpdateExpression: string) => copiesIntoItself({ operation: 'UpdateItem', input: { UpdateExpression, ExpressionAttributeNames: { '#n': 'a' } } });
  expect(['SET a.b = a', 'SET c = :x, #n.b = a', 'SET a[0] = list_append(:x, #n)', 'SET a.b.c = if_not_exists(a.b, :x)'].map(isSo)).toEqual([true, true, true, true]);
  expect(['SET a = a.b', 'SET ab.c = a', 'SET a.b = a.c', 'SET a = :a, b.c = d'].map(isSo)).toEqual([false, false, false, false]);
});

describe('random expressions come to the same', () => {
  test('as in dynalite', async () => {
    const cases = randomCases({ value: fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: documents(plain) }), compared: plain, hasPositionsInUpdates: true, comparesPathsWithPaths: false });
    const tally = await playRandom(cases.filter(({ calls }) => !calls.some(copiesIntoItself)), async () => {
      const dynalite = await Dynalite.start();
      return (operation, input) => dynalite.call(operation, input);
    }, DYNALITE_FAULTS);
    expectMostAlike(tally);
  });

  const dynoxide = dynoxidePath();
  if ('absent' in dynoxide) test(dynoxide.absent, () => expect(`${process.platform}-${process.arch}`).not.toBe('linux-x64'));
  else {
    test('as in dynoxide', async () => {
      const server = await startDynoxide(dynoxide.program);
      const call = async (operation: string, input: object): Promise<Outcome> => {
        const headers = { 'x-amz-date': '20260401T000000Z', 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}`, authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/20260401/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0' };
        const response = await fetch(server.endpoint, { method: 'POST', headers, body: JSON.stringify({ TableName: TABLE.TableName, ...input }) });
        const body = (await response.json()) as { __type?: string; message?: string };
        return response.ok ? { answer: body } : { code: body.__type?.split('#')[1] ?? '', message: body.message ?? '' };
      };
      try {
        await call('CreateTable', TABLE);
        const cases = randomCases({ value: anything, compared: anything, hasPositionsInUpdates: false, comparesPathsWithPaths: true });
        expectMostAlike(await playRandom(cases, async () => call, DYNOXIDE_FAULTS));
      } finally {
        await server.stop();
      }
    });
  }
});
