import type { Approval } from '../domain/approval';
import type { TaskToken, Waiter } from './acknowledgements';

/** Approvals have partitions of their own, so that IAM can tell their writers from those of the keys. */
export interface Approvals {
  /**
   * Asks, or finds the question asked before, with its votes. Remembers who waits for it, in place of who waited earlier: a late invocation does
   * not take the place of a later one.
   * @returns the approval as it stands after the write
   */
  open(approval: Approval, waiter?: Waiter): Promise<Approval>;
  /** A strong read. */
  read(id: string): Promise<Approval | undefined>;
  /**
   * Writes votes and outcome, on condition that nobody voted since `before` was read.
   * @returns the token that waits for it, if one does, or `conflict`: read and decide again
   */
  record(before: Approval, after: Approval): Promise<{ readonly token: TaskToken | undefined } | 'conflict'>;
  /** The token of the state that waits for it, if one does. A strong read. */
  waiter(id: string): Promise<TaskToken | undefined>;
  /** What its outcome means has been done. Marking it twice is marking it once. */
  markCarriedOut(id: string): Promise<void>;
}
