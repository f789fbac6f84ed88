import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Approval } from '../domain/approval';
import { plusSeconds, type Instant } from '../domain/instant';
import { canonicalJson } from '../domain/ledger';
import type { ManagedKey } from '../domain/managed-key';

/** What a waiting execution asks people. Its time-out is fixed when it is asked first, however often it is asked again. */
export const question = z.strictObject({
  purpose: z.enum(['recover', 'disable', 'revoke']),
  askedAt: z.iso.datetime({ offset: true }),
  expiresAt: z.iso.datetime({ offset: true }),
});
export type Question = z.infer<typeof question>;

/** A question that a rotation asks now. */
export function questionAbout(key: ManagedKey, purpose: Question['purpose'], at: Instant): Question {
  return { purpose, askedAt: at, expiresAt: plusSeconds(at, key.policy.approvalTimeoutSeconds) };
}

/** The same question about the same state of the key has the same id; once the key moved it is another question. */
export function approvalId(parts: { readonly key: string; readonly purpose: string; readonly by: string; readonly at: string; readonly rev: number }): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex').slice(0, 20);
}

/** The approval that a waiting execution's question is. */
export function approvalFor(asked: Question, key: ManagedKey, rotationId: string, facts: { readonly question: string; readonly version: number | null }): Approval {
  const failure = asked.purpose === 'recover' ? key.lastFailure : null;
  return {
    id: approvalId({ key: key.name, purpose: asked.purpose, by: rotationId, at: asked.askedAt, rev: key.rev }),
    key: key.name,
    purpose: asked.purpose,
    question: facts.question,
    rev: key.rev,
    requestedBy: rotationId,
    requestedAt: asked.askedAt,
    expiresAt: asked.expiresAt,
    approversNeeded: key.policy.approvers,
    rotationId,
    version: facts.version,
    errorClass: failure?.errorClass ?? null,
    facts: failure === null ? {} : { state: failure.state, error: failure.error },
    votes: [],
    outcome: null,
  };
}
