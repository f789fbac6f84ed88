import type { z } from 'zod';
import type { Response } from '../../lambdas/domain/failure';
import { executionInput, type RunKind } from '../../lambdas/domain/rotation-id';
import type { CheckBakeOutput } from '../../lambdas/tasks/check-bake';
import type { CheckDrainOutput } from '../../lambdas/tasks/check-drain';
import type { ClaimRotationOutput } from '../../lambdas/tasks/claim-rotation';
import type { DisableOutput } from '../../lambdas/tasks/disable-previous-version';
import type { question } from '../../lambdas/tasks/question';
import type { ReadApprovalOutput } from '../../lambdas/tasks/read-approval';
import { chosen, definition, edges, evaluate, stateOf, states, tasks } from './definition';

type Purpose = z.infer<typeof question>['purpose'];
type Answer = ReadApprovalOutput['answer'];

/** Rows of a table that TypeScript holds to be complete. */
const rowsOf = <Name extends string, Value>(table: Record<Name, Value>) => Object.entries(table) as [Name, Value][];

const WINDOW = '20260401T0000Z';
const ASKED = { askedAt: '2026-04-01T00:00:00.000Z', expiresAt: '2026-04-08T00:00:00.000Z' };

describe('an input', () => {
  test.each<RunKind>(['rotation', 'emergency', 'retirement'])('of kind %s, as it is started, is the run', async (kind) => {
    const run = { kind, window: WINDOW, number: 7 };
    const input = executionInput('orders', run);
    const { next, assign } = await chosen('Check Input', input);
    expect(next).toBe('Claim Rotation');
    const { kind: literal, window, number } = assign['run'] as { kind: string; window: string; number: string };
    const variables = { states: { input } };
    expect({ kind: literal, window: await evaluate(window, variables), number: await evaluate(number, variables) }).toEqual(run);
  });

  test.each<[why: string, input: unknown]>([
    ['nothing', {}],
    ['a text', 'orders'],
    ['no window', { key: 'orders', attempt: 1 }],
    ['two kinds', { key: 'orders', window: WINDOW, attempt: 1, emergency: 1 }],
    ['something volatile', { key: 'orders', window: WINDOW, attempt: 1, at: 'now' }],
    ['a number as text', { key: 'orders', window: WINDOW, retirement: '1' }],
    ['an unknown kind', { key: 'orders', window: WINDOW, repair: 1 }],
  ])('with %s is refused before anything is called', async (_, input) => {
    expect((await chosen('Check Input', input)).next).toBe('Refuse Input');
  });
});

describe('what a task answers', () => {
  test.each(rowsOf<ClaimRotationOutput['work'], string>({ rotate: 'Create Key Version', retire: 'Choose Retirement' }))('work %s leads to %s', async (work, next) => {
    expect((await chosen('Choose Work', { work })).next).toBe(next);
  });

  test.each(rowsOf<ClaimRotationOutput['retirement'], string>({ none: 'Release Rotation', keep: 'Release Rotation', disable: 'Drain', delete: 'Drain' }))(
    'retirement %s leads to %s',
    async (retirement, next) => {
      expect((await chosen('Choose Retirement', {}, { retirement })).next).toBe(next);
    },
  );

  test.each(rowsOf<CheckDrainOutput['decision'], string>({ idle: 'Disable Previous Version', extended: 'Drain', ask: 'Await Approval', pending: 'Release Rotation' }))(
    'a drain that is %s leads to %s',
    async (decision, next) => {
      expect((await chosen('Decide Drain', { decision })).next).toBe(next);
    },
  );

  test.each<[DisableOutput['decision'], string, string]>([
    ['disabled', 'delete', 'Bake'],
    ['disabled', 'disable', 'Release Rotation'],
    ['pending', 'delete', 'Release Rotation'],
    ['pending', 'disable', 'Release Rotation'],
  ])('a version that is %s with retirement %s leads to %s', async (decision, retirement, next) => {
    expect((await chosen('Decide Bake', { decision }, { retirement })).next).toBe(next);
  });

  test.each(rowsOf<CheckBakeOutput['decision'], string>({ clean: 'Revoke Previous Version', extended: 'Bake', ask: 'Await Approval', pending: 'Release Rotation' }))(
    'a bake that is %s leads to %s',
    async (decision, next) => {
      expect((await chosen('Decide Revocation', { decision })).next).toBe(next);
    },
  );

  /** After Classify Failure, and after settling. */
  test.each(
    rowsOf<Response, readonly [string, string | null]>({
      superseded: ['Superseded', null],
      ask: ['Await Approval', null],
      'settle-and-resume': ['Settle', 'Claim Rotation'],
      'settle-and-ask': ['Settle', 'Await Approval'],
      'settle-and-abort': ['Settle', 'Wait For True Readings'],
    }),
  )('the response %s leads to %s', async (response, [atOnce, afterQ]) => {
    expect((await chosen('Choose Response', {}, { response })).next).toBe(atOnce);
    if (afterQ !== null) expect((await chosen('Choose Continuation', {}, { response })).next).toBe(afterQ);
  });
});

describe('a question', () => {
  /** What each answer to each question leads to, while the key is not frozen and while it is. */
  const LEADS_TO: Record<Purpose, Record<Answer, readonly [free: string, frozen: string]>> = {
    recover: {
      consented: ['Claim Rotation', 'Claim Rotation'],
      refused: ['Settle', 'Frozen'],
      expired: ['Settle', 'Frozen'],
      unanswered: ['Await Approval', 'Await Approval'],
    },
    disable: {
      consented: ['Disable Previous Version', 'Disable Previous Version'],
      refused: ['Release Rotation', 'Release Rotation'],
      expired: ['Release Rotation', 'Release Rotation'],
      unanswered: ['Await Approval', 'Await Approval'],
    },
    revoke: {
      consented: ['Revoke Previous Version', 'Revoke Previous Version'],
      refused: ['Release Rotation', 'Release Rotation'],
      expired: ['Release Rotation', 'Release Rotation'],
      unanswered: ['Await Approval', 'Await Approval'],
    },
  };
  const cases = rowsOf(LEADS_TO).flatMap(([purpose, answers]) => rowsOf(answers).flatMap(([answer, [free, frozen]]) => [[purpose, answer, false, free] as const, [purpose, answer, true, frozen] as const]));

  test.each(cases)('to %s that is %s, with a freeze: %s, leads to %s', async (purpose, answer, isFrozen, next) => {
    const output: ReadApprovalOutput = { answer, isFrozen, reason: 'as it was said' };
    const assigned = stateOf('Read Approval').Assign ?? {};
    const response = await evaluate(String(assigned['response']), { states: { result: { Payload: output } } });
    const choice = await chosen('Choose Answer', output, { question: { purpose, ...ASKED }, response });
    expect(choice.next).toBe(next);
    // What was approved is not left for later.
    if (answer === 'consented') expect(choice.assign).toMatchObject({ pendingReason: "{% '' %}" });
  });

  test('that was answered with resume begins with new settlements', async () => {
    const { assign } = await chosen('Choose Answer', { answer: 'consented' }, { question: { purpose: 'recover' }, response: 'settle-and-abort' });
    expect(assign['settlements']).toBe(0);
  });

  test('is read where nobody waits any more: what was written down counts, never what a callback said', () => {
    const { Output: output, Assign: assign, Next: next, Catch: catchers = [] } = stateOf('Await Approval');
    expect({ output, assign, next }).toEqual({ output: {}, assign: undefined, next: 'Read Approval' });
    expect(catchers.map(({ ErrorEquals, Next }) => [ErrorEquals, Next])).toEqual([
      [['States.Timeout'], 'Read Approval'],
      [['States.ALL'], 'Left Unresolved'],
    ]);
    expect(catchers.flatMap(({ Assign }) => Object.keys(Assign ?? {}))).toEqual([]);
    expect(JSON.stringify(stateOf('Read Approval').Arguments)).not.toContain('$states.input');
    expect(JSON.stringify(stateOf('Notify Dependent').Output)).toBe('{}');
  });

  test('is the only thing that waits for a callback besides dependents, and nothing else reads a callback', () => {
    const waiting = tasks.filter(([, { Resource }]) => Resource?.endsWith('.waitForTaskToken')).map(([name]) => name);
    expect(waiting).toEqual(['Notify Dependent', 'Await Approval']);
    for (const name of waiting) expect(JSON.stringify(stateOf(name))).not.toContain('$states.result');
  });

  test('is asked by whoever says what it is: it is assigned on the way', () => {
    const asking = edges.filter(({ to }) => to === 'Await Approval').map(({ from }) => from);
    expect(asking.sort()).toEqual(['Choose Answer', 'Choose Continuation', 'Choose Response', 'Decide Drain', 'Decide Revocation']);
    const assigning = [...states].filter(([name, { Assign }]) => name !== 'Check Input' && Assign?.['question'] !== undefined).map(([name]) => name);
    expect(assigning.sort()).toEqual(['Check Bake', 'Check Drain', 'Classify Failure']);
  });

  test.each(['Check Drain', 'Check Bake'])('of an earlier %s is gone once it is not asked again', async (name) => {
    const expression = String(stateOf(name).Assign?.['question']);
    const asked = { purpose: 'disable', ...ASKED };
    const after = async (payload: object): Promise<unknown> => evaluate(expression, { states: { result: { Payload: payload } }, question: asked });
    expect(await after({ decision: 'ask', question: asked })).toEqual(asked);
    expect(await after({ decision: 'pending', reason: 'held' })).toBeNull();
  });

  test.each<[when: string, enteredAt: string, seconds: number]>([
    ['at once waits for its whole time', ASKED.askedAt, 604_800],
    ['again waits for the rest', '2026-04-07T23:00:00.000Z', 3_600],
    ['again with a part of a second left over rounds up, so that it is over when it is read', '2026-04-07T22:59:59.250Z', 3_601],
    ['in its last seconds still waits a minute', '2026-04-07T23:59:59.000Z', 60],
    ['when it is over still is a legal time-out', '2026-05-01T00:00:00.000Z', 60],
  ])('that is asked %s', async (_, enteredAt, seconds) => {
    const variables = { question: { purpose: 'recover', ...ASKED }, states: { context: { State: { EnteredTime: enteredAt } } } };
    expect(await evaluate(String(stateOf('Await Approval').TimeoutSeconds), variables)).toBe(seconds);
  });
});

test('every Choice state has its cases here', () => {
  const choices = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Choice').map(([name]) => name);
  expect(choices.sort()).toEqual([
    'Check Input', 'Choose Answer', 'Choose Continuation', 'Choose Response', 'Choose Retirement', 'Choose Work', 'Decide Bake', 'Decide Drain', 'Decide Revocation',
  ]);
});

test('the ends of an execution are these', () => {
  const ends = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Succeed' || Type === 'Fail').map(([name, { Type }]) => [name, Type]);
  expect(ends).toEqual([
    ['Rotation Completed', 'Succeed'],
    ['Rotation Aborted', 'Succeed'],
    ['Superseded', 'Succeed'],
    ['Refuse Input', 'Fail'],
    ['Frozen', 'Fail'],
    ['Left Unresolved', 'Fail'],
  ]);
});
