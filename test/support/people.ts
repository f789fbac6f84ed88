import type { FunctionName } from '../../lambdas/contract/functions';
import type { Approval } from '../../lambdas/domain/approval';
import type { Answer } from '../../local/simulator/function-url';
import { functionUrlEvent, HOUR, type Scenario } from './scenario';

export const ALICE = 'arn:aws:iam::111122223333:user/alice';
export const BOB = 'arn:aws:iam::111122223333:user/bob';
export const CAROL = 'arn:aws:iam::111122223333:user/carol';

export type { Answer };

/** Posts a body to a function's URL, as IAM lets it through. */
export async function post(scenario: Scenario, name: Extract<FunctionName, 'request-rotation' | 'operate' | 'decide'>, by: string, body: unknown): Promise<Answer> {
  const result = await scenario.world.invoke(name, functionUrlEvent(body, by, scenario.world.timeline.nowMs()));
  if (!result.ok) throw new Error(`${name} failed with ${result.error}: ${result.cause}`);
  const { statusCode, body: text } = result.payload as { statusCode: number; body: string };
  return { statusCode, ...(JSON.parse(text) as Omit<Answer, 'statusCode'>) };
}

export async function answer(scenario: Scenario, by: string, approvalId: string | undefined, vote: 'approve' | 'deny' | 'resume' | 'abort' = 'approve'): Promise<Answer> {
  return post(scenario, 'decide', by, { action: 'answer', approvalId, answer: vote, reason: 'I have looked' });
}

/** Approvals that the key names, oldest first. */
export async function approvals(scenario: Scenario): Promise<readonly Approval[]> {
  const port = scenario.world.composition('decide').approvals();
  const found = await Promise.all((await scenario.key()).approvals.map((id) => port.read(id)));
  return found.filter((approval) => approval !== undefined);
}

/** Time passes, and the reconciliation fires every 15 minutes. */
export async function reconciled(scenario: Scenario, ms: number = HOUR / 2): Promise<void> {
  const end = scenario.world.timeline.nowMs() + ms;
  while (scenario.world.timeline.nowMs() < end) {
    await scenario.world.reconcile();
    await scenario.advance(HOUR / 4);
  }
}

export async function typesOf(scenario: Scenario): Promise<readonly string[]> {
  return (await scenario.ledger()).map(({ type }) => type);
}
