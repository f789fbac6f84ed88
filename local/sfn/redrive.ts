import { z } from 'zod';
import type { Execution } from '../asl/execution';
import { MAX_EXECUTION_SECONDS, MAX_HISTORY_EVENTS } from '../asl/limits';
import type { Clock } from '../kernel/clock';

/** For so long after its end an execution can be redriven. */
const REDRIVABLE_PERIOD_MS = 14 * 86_400_000;

/** How many client tokens of an execution are remembered, and for how long after their first use. */
const REMEMBERED_TOKENS = 10;
const TOKEN_VALIDITY_MS = 15 * 60_000;

/**
 * Why an execution cannot be redriven now, in AWS's words; `undefined` when it can.
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html (redriveStatusReason)
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
 */
export function whyNotRedrivable({ status, endedAtMs, startedAtMs, history }: Execution, nowMs: number, isMachineDeleting: boolean): string | undefined {
  if (isMachineDeleting) return 'State machine is in DELETING status';
  if (endedAtMs === undefined || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  // Room for ExecutionRedriven, and for one event more.
  if (history.length >= MAX_HISTORY_EVENTS - 1) return 'Execution history event limit exceeded';
  if (nowMs - startedAtMs >= MAX_EXECUTION_SECONDS * 1000) return 'Execution has exceeded the max execution time';
  if (nowMs - endedAtMs > REDRIVABLE_PERIOD_MS) return 'Execution redrivable period exceeded';
  return undefined;
}

const redriveToken = z.strictObject({ token: z.string(), redrivenAtMs: z.number() });
export const savedRedriveTokens = z.array(z.tuple([z.string(), z.array(redriveToken)]));

/**
 * The client tokens with which executions were redriven: the same request again gets the same answer.
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
 */
export class RedriveTokens {
  private readonly byExecution = new Map<string, readonly z.infer<typeof redriveToken>[]>();

  constructor(private readonly clock: Clock) {}

  remember(executionArn: string, token: string): void {
    const tokens = [...this.valid(executionArn), { token, redrivenAtMs: this.clock.nowMs() }];
    this.byExecution.set(executionArn, tokens.slice(-REMEMBERED_TOKENS));
  }

  /** When the execution was redriven with this token, if that is remembered; ms since the epoch. */
  redrivenAtMs(executionArn: string, token: string): number | undefined {
    return this.valid(executionArn).find((used) => used.token === token)?.redrivenAtMs;
  }

  save(): z.infer<typeof savedRedriveTokens> {
    return [...this.byExecution.keys()].flatMap((executionArn) => {
      const valid = this.valid(executionArn);
      return valid.length === 0 ? [] : [[executionArn, [...valid]] as [string, z.infer<typeof redriveToken>[]]];
    });
  }

  load(saved: z.infer<typeof savedRedriveTokens>): void {
    for (const [executionArn, tokens] of saved) this.byExecution.set(executionArn, tokens);
  }

  private valid(executionArn: string): readonly z.infer<typeof redriveToken>[] {
    const horizonMs = this.clock.nowMs() - TOKEN_VALIDITY_MS;
    return (this.byExecution.get(executionArn) ?? []).filter(({ redrivenAtMs }) => redrivenAtMs >= horizonMs);
  }
}
