import type { Acknowledgement, AcknowledgementAnswer, TaskToken } from '../../../lambdas/ports/acknowledgements';
import { AwsError } from '../../../local/kernel/aws-error';
import { World } from '../../../local/simulator/world';
import { LostAnswer } from '../../../local/wire/message';

const question: Omit<Acknowledgement, 'answer'> = { id: 'a1', key: 'orders', version: 2, dependent: 'orders-api', phase: 'ready', principal: 'arn:aws:iam::111122223333:role/orders-api' };
const yes: AcknowledgementAnswer = { verdict: 'yes', version: 2, by: 'somebody', at: '2026-06-10T00:00:00.000Z' };
const no: AcknowledgementAnswer = { ...yes, verdict: 'no', reason: 'not deployed', at: '2026-06-09T00:00:00.000Z' };
const [first, second] = ['token-1', 'token-2'] as [TaskToken, TaskToken];
const earlier = { token: first, since: 1 };
const later = { token: second, since: 2 };

function opened(): { world: World; acknowledgements: ReturnType<ReturnType<World['composition']>['acknowledgements']> } {
  const world = new World();
  return { world, acknowledgements: world.composition('notify-dependent').acknowledgements() };
}

test('a question is read as it was asked, and one that was not asked is not there', async () => {
  const { acknowledgements } = opened();
  expect(await acknowledgements.open(question, earlier)).toEqual({ ...question, answer: null });
  expect(await acknowledgements.read('a1')).toEqual({ ...question, answer: null });
  expect(await acknowledgements.read('a2')).toBeUndefined();
});

test('an answer comes back with the token that waits for it', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  expect(await acknowledgements.answer('a1', yes)).toEqual({ acknowledgement: { ...question, answer: yes }, token: first });
  expect(await acknowledgements.read('a1')).toEqual({ ...question, answer: yes });
});

test('an answer to a question without a token wakes nobody', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question);
  expect(await acknowledgements.answer('a1', yes)).toEqual({ acknowledgement: { ...question, answer: yes }, token: undefined });
});

test('asking again keeps the answer and takes the new token', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  await acknowledgements.answer('a1', yes);
  expect(await acknowledgements.open(question, later)).toEqual({ ...question, answer: yes });
  expect((await acknowledgements.answer('a1', no))?.token).toBe(second);
});

test('who asks late keeps the answer and the token of who waits since later', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, later);
  expect(await acknowledgements.open(question, earlier)).toEqual({ ...question, answer: null });
  await acknowledgements.answer('a1', yes);
  expect(await acknowledgements.open(question, earlier)).toEqual({ ...question, answer: yes });
  expect((await acknowledgements.answer('a1', no))?.token).toBe(second);
});

test('asking again without a token keeps the one that waits', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  await acknowledgements.open(question);
  expect((await acknowledgements.answer('a1', yes))?.token).toBe(first);
});

test('a yes stands against every later answer', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  await acknowledgements.answer('a1', yes);
  for (const later of [no, { ...yes, by: 'another' }]) expect((await acknowledgements.answer('a1', later))?.acknowledgement.answer).toEqual(yes);
});

test('a no stands until a later answer', async () => {
  const { acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  expect((await acknowledgements.answer('a1', no))?.acknowledgement.answer).toEqual(no);
  expect((await acknowledgements.answer('a1', yes))?.acknowledgement.answer).toEqual(yes);
});

test('an answer to a question that was never asked is recorded nowhere', async () => {
  const { world, acknowledgements } = opened();
  expect(await acknowledgements.answer('a1', yes)).toBeUndefined();
  expect(world.trace.events().filter(({ type }) => type === 'dynamodb.item-written')).toEqual([]);
});

test('an answer whose own answer was lost is found on the second try', async () => {
  const { world, acknowledgements } = opened();
  await acknowledgements.open(question, earlier);
  world.interceptAll = async (_call, next) => {
    await next();
    throw new LostAnswer();
  };
  await expect(acknowledgements.answer('a1', yes)).rejects.toMatchObject({ name: 'RegistryOutcomeUnknown' });
  world.interceptAll = async (_call, next) => next();
  expect(await acknowledgements.answer('a1', yes)).toEqual({ acknowledgement: { ...question, answer: yes }, token: first });
});

test.each([
  ['ThrottlingException', 400, 'RegistryBusy', 'RegistryBusy'],
  ['TransactionConflictException', 400, 'RegistryBusy', 'RegistryBusy'],
  ['AccessDeniedException', 400, 'PermissionDenied', 'PermissionDenied'],
  ['ResourceNotFoundException', 400, 'UnclassifiedServiceError', 'UnclassifiedServiceError'],
  ['InternalServerError', 500, 'RegistryOutcomeUnknown', 'RegistryBusy'],
  // Not DynamoDB's own: something on the way answered.
  ['Found', 302, 'RegistryOutcomeUnknown', 'RegistryBusy'],
])('%s is %3$s of a write and %4$s of a read', async (code, status, ofWrite, ofRead) => {
  const { world, acknowledgements } = opened();
  world.interceptAll = async () => {
    throw new AwsError(code, 'as AWS says it', status);
  };
  await expect(acknowledgements.open(question)).rejects.toMatchObject({ name: ofWrite });
  await expect(acknowledgements.answer('a1', yes)).rejects.toMatchObject({ name: ofWrite });
  await expect(acknowledgements.read('a1')).rejects.toMatchObject({ name: ofRead });
});
