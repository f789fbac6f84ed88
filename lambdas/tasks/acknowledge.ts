import { z } from 'zod';
import { isSamePrincipal } from '../domain/identity';
import type { Acknowledgements } from '../ports/acknowledgements';
import type { Callbacks } from '../ports/outside';

/** The body that a dependent posts. */
export const acknowledgeBody = z.strictObject({
  acknowledgementId: z.string().regex(/^[0-9a-f]{40}$/),
  verdict: z.enum(['yes', 'no']),
  /** The version that the dependent means: an answer for another version is no answer. */
  version: z.int().positive(),
  reason: z.string().max(500).optional(),
});

/** Who calls, as IAM vouches for it, and when. */
export interface AcknowledgeCaller {
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` or `arn:aws:iam::<account>:user/<name>`. */
  readonly arn: string;
  readonly at: string;
}

export type AcknowledgeResult =
  | { readonly status: 'recorded' | 'already-answered'; readonly verdict: 'yes' | 'no'; readonly by: string }
  | { readonly status: 'refused'; readonly reason: string };

/** Acknowledge: records the answer of the right principal, unless it has said yes before, then wakes whoever waits for it. */
export function acknowledge(ports: { acknowledgements: Acknowledgements; callbacks: Callbacks }) {
  return async (body: z.infer<typeof acknowledgeBody>, caller: AcknowledgeCaller): Promise<AcknowledgeResult> => {
    const known = await ports.acknowledgements.read(body.acknowledgementId);
    // The same words for "no such question" and "not yours": ids are no oracle.
    const refused = { status: 'refused', reason: `no acknowledgement ${body.acknowledgementId} is open for ${caller.arn}` } as const;
    if (known === undefined || !isSamePrincipal(known.principal, caller.arn)) return refused;
    if (body.version !== known.version) {
      return { status: 'refused', reason: `acknowledgement ${known.id} is about version ${known.version} of ${known.key}, the answer about version ${body.version}` };
    }
    const answer = { verdict: body.verdict, version: body.version, by: caller.arn, at: caller.at, ...(body.reason === undefined ? {} : { reason: body.reason }) };
    const recorded = await ports.acknowledgements.answer(known.id, answer);
    const standing = recorded?.acknowledgement.answer;
    if (recorded === undefined || standing == null) return refused;
    if (recorded.token !== undefined) await ports.callbacks.wake(recorded.token);
    const isOurs = standing.at === answer.at && standing.by === answer.by && standing.verdict === answer.verdict;
    return { status: isOurs ? 'recorded' : 'already-answered', verdict: standing.verdict, by: standing.by };
  };
}
