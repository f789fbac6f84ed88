import type { TraceEvent } from '../trace';

/** One reconciliation that has looked at every key. */
export interface Look {
  readonly beginMs: number;
  readonly endMs: number;
}

/** By its own name, or by the one that a stack gives it. */
const RECONCILE = /reconcile/i;

/** Answers that say what is so; every other error leaves something unseen. */
const ANSWERS: ReadonlySet<string> = new Set(['NotFoundException', 'ConditionalCheckFailedException', 'TransactionCanceledException']);

/** Follows the reconciliations of a trace: those that ended well, and of whose calls to KMS and the registry none failed. */
export class Looks {
  /** By invocation: when its first call was answered, and whether it saw all that it asked for. */
  private readonly running = new Map<string, { readonly beginMs: number; isBlind: boolean }>();

  /** @returns the reconciliation that this event ends */
  onEvent(event: TraceEvent): Look | undefined {
    const { traceId, atMs } = event;
    if (traceId === undefined) return undefined;
    if (event.type === 'sdk.call') {
      const look = this.running.get(traceId) ?? { beginMs: atMs, isBlind: false };
      look.isBlind ||= event.error !== null && !ANSWERS.has(event.error) && (event.service === 'kms' || event.service === 'dynamodb');
      this.running.set(traceId, look);
    }
    if (event.type !== 'lambda.invoked') return undefined;
    const look = this.running.get(traceId);
    this.running.delete(traceId);
    const isLook = look?.isBlind === false && event.error === null && RECONCILE.test(event.function);
    return isLook ? { beginMs: look.beginMs, endMs: atMs } : undefined;
  }
}
