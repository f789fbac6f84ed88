import { createHash } from 'node:crypto';
import type { DependentPolicy, KeyPolicy } from '../contract/key-policy';
import type { Acknowledgement, AcknowledgementPhase } from '../ports/acknowledgements';

/** The same question has the same id in every attempt, so an answer that was given once counts on. */
export function acknowledgementId(key: string, version: number, dependent: string, phase: AcknowledgementPhase): string {
  return createHash('sha256').update(JSON.stringify([key, version, dependent, phase])).digest('hex').slice(0, 40);
}

/** One question to one dependent, with the principal whose answer counts. */
export function questionTo(dependent: DependentPolicy, key: string, version: number, phase: AcknowledgementPhase): Omit<Acknowledgement, 'answer'> {
  return {
    id: acknowledgementId(key, version, dependent.name, phase),
    key,
    version,
    dependent: dependent.name,
    phase,
    principal: dependent.kind === 'event' ? dependent.principal : dependent.functionArn,
  };
}

/** Dependents of the pinned policy and of the current one: a dependent that was added since Claim counts at once. */
export function requiredDependents(pinned: KeyPolicy | undefined, current: KeyPolicy): readonly DependentPolicy[] {
  const byName = new Map([...(pinned?.dependents ?? []), ...current.dependents].map((dependent) => [dependent.name, dependent]));
  return [...byName.values()];
}

/** How an answer stands: it must be a yes for exactly this version. */
export function verdictOn(acknowledgement: Acknowledgement | undefined, version: number): 'yes' | 'silent' | 'no' {
  const answer = acknowledgement?.answer ?? null;
  if (answer === null) return 'silent';
  return answer.verdict === 'yes' && answer.version === version ? 'yes' : 'no';
}
