import type { Instant } from '../domain/instant';

export type AcknowledgementPhase = 'ready' | 'released';

/** One question to one dependent about one version. The answer counts; a callback is only a wake-up. */
export interface Acknowledgement {
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly dependent: string;
  readonly phase: AcknowledgementPhase;
  /** IAM role, user or probed function whose answer counts. */
  readonly principal: string;
  readonly answer: AcknowledgementAnswer | null;
}

export interface AcknowledgementAnswer {
  readonly verdict: 'yes' | 'no';
  /** The version that the dependent says it means. */
  readonly version: number;
  /** The identity that IAM vouched for. */
  readonly by: string;
  readonly at: Instant;
  readonly reason?: string;
}

/** Secret that wakes one waiting state. Worthless by itself: what counts is the recorded answer. */
export type TaskToken = string & { readonly __brand: 'TaskToken' };

/** A visit of a state that waits for an answer. */
export interface Waiter {
  readonly token: TaskToken;
  /** Of two visits, or of two tries in one, the later has the greater number. */
  readonly since: number;
}

/** Acknowledgements have a partition of their own, which the acknowledge function alone may answer in. */
export interface Acknowledgements {
  /**
   * Asks, or asks again, keeping an answer that exists. Remembers who waits for it, in place of who waited earlier: a late invocation does not take
   * the place of a later one.
   * @returns the acknowledgement as it stands after the write.
   */
  open(question: Omit<Acknowledgement, 'answer'>, waiter?: Waiter): Promise<Acknowledgement>;
  /** A strong read. */
  read(id: string): Promise<Acknowledgement | undefined>;
  /**
   * Records an answer. A yes is final: a later answer changes nothing and gets the yes back. A no means "not now", and a later
   * answer takes its place.
   * @returns the acknowledgement and the token that waits for it, if one does.
   */
  answer(id: string, answer: AcknowledgementAnswer): Promise<{ acknowledgement: Acknowledgement; token: TaskToken | undefined } | undefined>;
}
