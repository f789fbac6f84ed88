import type { ErrorClass } from '../contract/errors';
import { identityOf, type IdentityRules } from './identity';
import { isBefore, type Instant } from './instant';

/**
 * What a person is asked.
 * - `recover`: a rotation failed; it waits to be told to resume or to abort.
 * - `disable`: the evidence of the drain is not good enough; may the version be disabled all the same?
 * - `revoke`: may the version's deletion be scheduled?
 * - `emergency`: may an emergency rotation start?
 * - `repair`: may this repair of a frozen key be made?
 * - `break-glass`: may a running owner be stopped, so that another takes over?
 * - `delete-orphan`: may this KMS key, which no version of the registry is, be deleted?
 */
export const APPROVAL_PURPOSES = ['recover', 'disable', 'revoke', 'emergency', 'repair', 'break-glass', 'delete-orphan'] as const;
export type ApprovalPurpose = (typeof APPROVAL_PURPOSES)[number];

/** Purposes that an execution asks for, and waits. */
const WAITED_FOR: readonly ApprovalPurpose[] = ['recover', 'disable', 'revoke'];

export function isWaitedFor({ purpose }: Pick<Approval, 'purpose'>): boolean {
  return WAITED_FOR.includes(purpose);
}

/** What may be answered. `resume` and `abort` answer `recover`; `approve` and `deny` everything else. */
export type Answer = 'approve' | 'deny' | 'resume' | 'abort';

const ANSWERS: Readonly<Record<ApprovalPurpose, { readonly consent: Answer; readonly refusal: Answer }>> = {
  recover: { consent: 'resume', refusal: 'abort' },
  disable: { consent: 'approve', refusal: 'deny' },
  revoke: { consent: 'approve', refusal: 'deny' },
  emergency: { consent: 'approve', refusal: 'deny' },
  repair: { consent: 'approve', refusal: 'deny' },
  'break-glass': { consent: 'approve', refusal: 'deny' },
  'delete-orphan': { consent: 'approve', refusal: 'deny' },
};

/** One person's answer, with the identity that IAM vouched for. */
export interface Vote {
  readonly answer: Answer;
  /** ARN that the request was signed by. */
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/** One question to people about one key, bound to the key's state revision. Void once the key moved. */
export interface Approval {
  /** 20 hexadecimal digits, what a person types. */
  readonly id: string;
  readonly key: string;
  readonly purpose: ApprovalPurpose;
  /** What is asked, in one sentence. */
  readonly question: string;
  /** The key's state revision at the request. */
  readonly rev: number;
  /** A rotation id or the ARN of a person. A person cannot approve what they requested. */
  readonly requestedBy: string;
  readonly requestedAt: Instant;
  /** From then on no answer counts. */
  readonly expiresAt: Instant;
  /** How many identities must consent; one refusal refuses. */
  readonly approversNeeded: 1 | 2;
  /** The execution that waits for it, if one does. */
  readonly rotationId: string | null;
  /** The version that it is about, if it is about one. */
  readonly version: number | null;
  /** Of the failure that `recover` asks about. */
  readonly errorClass: ErrorClass | null;
  /** More that the purpose needs: the repair, the orphan's key id. Names and ids, never a token. */
  readonly facts: Readonly<Record<string, string>>;
  readonly votes: readonly Vote[];
  /** What it came to; `null` while it is open. */
  readonly outcome: Answer | null;
  /** Whether what the outcome means has been done or handed over. Until then `reconcile` does it again. @default false */
  readonly isCarriedOut?: boolean;
}

/** How an approval stands, seen together with the key. */
export type Standing = 'open' | 'consented' | 'refused' | 'expired' | 'void';

/**
 * What an approval is worth at a moment. An outcome counts only for the revision that it was asked for: consent to another state of the key is none.
 * @param rev the key's state revision now
 */
export function standingOf(approval: Approval, rev: number, at: Instant): Standing {
  if (approval.rev !== rev) return 'void';
  if (approval.outcome !== null) return approval.outcome === ANSWERS[approval.purpose].consent ? 'consented' : 'refused';
  return isBefore(at, approval.expiresAt) ? 'open' : 'expired';
}

/** What an answer does. Refusals change nothing and are told to whoever answered. */
export type Ballot =
  | { readonly kind: 'recorded'; readonly approval: Approval }
  /** The same identity has said the same before: a repetition, not an error. */
  | { readonly kind: 'repeated'; readonly approval: Approval }
  | { readonly kind: 'refused'; readonly reason: string };

/** Counts one answer. Pure: whoever calls it writes the result on condition that no other answer came in between. */
export function vote(approval: Approval, ballot: Vote, key: { readonly rev: number }, rules: IdentityRules): Ballot {
  const { consent, refusal } = ANSWERS[approval.purpose];
  const refused = (reason: string): Ballot => ({ kind: 'refused', reason: `approval ${approval.id} of ${approval.key}: ${reason}` });
  if (ballot.answer !== consent && ballot.answer !== refusal) {
    return refused(`it asks for ${consent} or ${refusal}, not for ${ballot.answer}`);
  }
  const voter = identityOf(ballot.by, rules);
  const earlier = approval.votes.find(({ by }) => identityOf(by, rules) === voter);
  if (earlier?.answer === ballot.answer) return { kind: 'repeated', approval };
  switch (standingOf(approval, key.rev, ballot.at)) {
    case 'void':
      return refused(`the key has changed since it was asked (revision ${approval.rev}, now ${key.rev}); it is void and changes nothing. Look at the key, then ask anew`);
    case 'expired':
      return refused(`it expired at ${approval.expiresAt}; nothing was changed`);
    case 'consented':
    case 'refused':
      return refused(`it was answered before, with ${approval.outcome}; nothing was changed`);
    case 'open':
  }
  if (identityOf(approval.requestedBy, rules) === voter && ballot.answer === consent) {
    return refused(`${voter} requested it and cannot approve it; another person must`);
  }
  if (earlier !== undefined && ballot.answer === consent) return refused(`${voter} has answered ${earlier.answer} before`);
  const votes = [...approval.votes, ballot];
  const consents = new Set(votes.filter(({ answer }) => answer === consent).map(({ by }) => identityOf(by, rules)));
  const outcome = ballot.answer === refusal ? refusal : consents.size >= approval.approversNeeded ? consent : null;
  return { kind: 'recorded', approval: { ...approval, votes, outcome } };
}

/** Whether its consent is a full one: enough identities, none of them the requester. What a task checks before it acts on an approval. */
export function isConsented(approval: Approval, rev: number, rules: IdentityRules): boolean {
  const { consent } = ANSWERS[approval.purpose];
  if (approval.rev !== rev || approval.outcome !== consent) return false;
  const requester = identityOf(approval.requestedBy, rules);
  const consents = new Set(approval.votes.filter(({ answer }) => answer === consent).map(({ by }) => identityOf(by, rules)));
  return consents.size >= approval.approversNeeded && !consents.has(requester) && !approval.votes.some(({ answer }) => answer !== consent);
}
