import type { Approval, Vote } from '../../lambdas/domain/approval';
import type { TaskToken } from '../../lambdas/ports/acknowledgements';
import type { Approvals } from '../../lambdas/ports/approvals';
import { LostAnswer } from '../../local/wire/message';

export interface ApprovalsSubject {
  readonly approvals: Approvals;
  /** Decides what happens to the next write; `next` applies it. */
  failNextWrite(failure: (next: () => Promise<unknown>) => Promise<unknown>): void;
}

const AT = '2026-06-10T00:00:00.000Z';
const ID = 'a'.repeat(20);
const TOKEN = 'AQCEAAAAKgAAAAMAAAAA-first' as TaskToken;
const NEXT_TOKEN = 'AQCEAAAAKgAAAAMAAAAA-second' as TaskToken;
const FIRST = { token: TOKEN, since: Date.parse(AT) * 1000 };
const NEXT = { token: NEXT_TOKEN, since: FIRST.since + 1 };

const question: Approval = {
  id: ID, key: 'orders', purpose: 'revoke', question: 'Schedule its deletion?', rev: 7, requestedBy: 'orders-20260610T0000Z-a1', requestedAt: AT, expiresAt: '2026-06-17T00:00:00.000Z',
  approversNeeded: 2, rotationId: 'orders-20260610T0000Z-a1', version: 1, errorClass: null, facts: { state: 'Check Bake' }, votes: [], outcome: null,
};
const vote = (by: string): Vote => ({ answer: 'approve', by, at: AT, reason: 'nobody needs it' });
const one: Approval = { ...question, votes: [vote('arn:alice')] };
const two: Approval = { ...question, votes: [vote('arn:alice'), vote('arn:bob')], outcome: 'approve' };

/** What every implementation of the port `Approvals` does. */
export function approvalsContract(name: string, makeSubject: () => ApprovalsSubject): void {
  describe(`${name} keeps the contract of approvals:`, () => {
    let subject: ApprovalsSubject;
    let approvals: Approvals;

    beforeEach(() => {
      subject = makeSubject();
      approvals = subject.approvals;
    });

    test('reads what was asked, and nothing of what was not', async () => {
      expect(await approvals.read(ID)).toBeUndefined();
      expect(await approvals.waiter(ID)).toBeUndefined();
      expect(await approvals.open(question)).toEqual(question);
      expect(await approvals.read(ID)).toEqual(question);
      expect(await approvals.read('b'.repeat(20))).toBeUndefined();
    });

    test('asks once: asking again keeps the votes, and everything else that was asked first', async () => {
      await approvals.open(question);
      await approvals.record(question, one);
      const again = { ...question, question: 'Schedule it?', rev: 99, expiresAt: '2030-01-01T00:00:00.000Z', approversNeeded: 1 as const };
      expect(await approvals.open(again, FIRST)).toEqual(one);
      expect(await approvals.read(ID)).toEqual(one);
    });

    test('shows the token to nobody but who is to wake the waiting state, and only the newest', async () => {
      expect(JSON.stringify(await approvals.open(question, FIRST))).not.toContain(TOKEN);
      expect(JSON.stringify(await approvals.read(ID))).not.toContain(TOKEN);
      expect(await approvals.waiter(ID)).toBe(TOKEN);
      await approvals.open(question, NEXT);
      expect(await approvals.waiter(ID)).toBe(NEXT_TOKEN);
      // Asked without one, whoever waits goes on waiting.
      await approvals.open(question);
      expect(await approvals.record(question, one)).toEqual({ token: NEXT_TOKEN });
    });

    test('lets a late asker find the question, and not take the place of who waits since later', async () => {
      await approvals.open(question, NEXT);
      await approvals.record(question, one);
      expect(await approvals.open(question, FIRST)).toEqual(one);
      expect(await approvals.waiter(ID)).toBe(NEXT_TOKEN);
      // The same invocation twice is the same waiter.
      expect(await approvals.open(question, NEXT)).toEqual(one);
      expect(await approvals.waiter(ID)).toBe(NEXT_TOKEN);
    });

    test('records votes one after the other, up to an outcome', async () => {
      await approvals.open(question);
      expect(await approvals.record(question, one)).toEqual({ token: undefined });
      expect(await approvals.record(one, two)).toEqual({ token: undefined });
      expect(await approvals.read(ID)).toEqual(two);
    });

    test('refuses a vote that was counted before another one came in', async () => {
      await approvals.open(question);
      await approvals.record(question, one);
      const other = { ...question, votes: [vote('arn:bob')] };
      expect(await approvals.record(question, other)).toBe('conflict');
      expect(await approvals.read(ID)).toEqual(one);
    });

    test('refuses every vote once there is an outcome', async () => {
      await approvals.open(question);
      const denied: Approval = { ...question, votes: [{ ...vote('arn:bob'), answer: 'deny' }], outcome: 'deny' };
      await approvals.record(question, denied);
      expect(await approvals.record(denied, { ...two, votes: [...denied.votes, vote('arn:alice')] })).toBe('conflict');
      expect(await approvals.read(ID)).toEqual(denied);
    });

    test('refuses a vote about a question that was never asked, and asks none by it', async () => {
      expect(await approvals.record(question, one)).toBe('conflict');
      expect(await approvals.read(ID)).toBeUndefined();
    });

    test('of votes that come at once counts one', async () => {
      await approvals.open(question);
      const votes = ['arn:alice', 'arn:bob', 'arn:carol'].map((by) => ({ ...question, votes: [vote(by)] }));
      const results = await Promise.all(votes.map(async (after) => approvals.record(question, after)));
      expect(results.filter((result) => result === 'conflict')).toHaveLength(2);
      expect((await approvals.read(ID))?.votes).toHaveLength(1);
    });

    test('recognizes its own vote whose answer was lost, when it is written again', async () => {
      await approvals.open(question, FIRST);
      subject.failNextWrite(async (next) => {
        await next();
        throw new LostAnswer();
      });
      await expect(approvals.record(question, one)).rejects.toMatchObject({ name: 'RegistryOutcomeUnknown' });
      expect(await approvals.record(question, one)).toEqual({ token: TOKEN });
      expect(await approvals.read(ID)).toEqual(one);
    });

    test('has asked although the answer was lost, and asking again finds it', async () => {
      subject.failNextWrite(async (next) => {
        await next();
        throw new LostAnswer();
      });
      await expect(approvals.open(question, FIRST)).rejects.toMatchObject({ name: 'RegistryOutcomeUnknown' });
      expect(await approvals.open(question, NEXT)).toEqual(question);
      expect(await approvals.waiter(ID)).toBe(NEXT_TOKEN);
    });

    test('marks what was carried out, once or twice, and never what was not asked', async () => {
      await approvals.open(question);
      await approvals.record(question, two);
      await approvals.markCarriedOut(ID);
      await approvals.markCarriedOut(ID);
      expect(await approvals.read(ID)).toEqual({ ...two, isCarriedOut: true });
      await expect(approvals.markCarriedOut('b'.repeat(20))).rejects.toMatchObject({ name: expect.any(String) });
      expect(await approvals.read('b'.repeat(20))).toBeUndefined();
    });
  });
}
