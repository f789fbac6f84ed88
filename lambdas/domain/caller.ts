import type { Instant } from './instant';

/** Who asks, as IAM vouches for it, and when. */
export interface Caller {
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` or `arn:aws:iam::<account>:user/<name>`. */
  readonly arn: string;
  readonly at: Instant;
}
