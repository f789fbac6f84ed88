import type { FunctionName } from '../../lambdas/contract/functions';
import type { Json } from '../../lambdas/domain/trace';
import type { Told } from '../../lambdas/tasks/people';
import type { World } from './world';

/** What a function gets from a Function URL that IAM has let a caller through. @param timeMs the clock of Lambda's front door */
export function functionUrlEvent(body: unknown, userArn: string, timeMs: number): Json {
  return { body: JSON.stringify(body), requestContext: { timeEpoch: timeMs, http: { method: 'POST' }, authorizer: { iam: { userArn } } } };
}

/** What a Function URL answers. */
export interface Answer extends Partial<Told> {
  readonly statusCode: number;
  readonly error?: string;
}

/** Posts a body to a function's URL. @returns `undefined` when the function died or failed, which its URL answers with a 502 */
export async function postTo(
  world: World, name: Extract<FunctionName, 'request-rotation' | 'operate' | 'decide' | 'acknowledge'>, by: string, body: unknown, timeMs: number = world.timeline.nowMs(),
): Promise<Answer | undefined> {
  const result = await world.invoke(name, functionUrlEvent(body, by, timeMs));
  if (!result.ok) return undefined;
  const { statusCode, body: text } = result.payload as { statusCode: number; body: string };
  return { statusCode, ...(JSON.parse(text) as Omit<Answer, 'statusCode'>) };
}
