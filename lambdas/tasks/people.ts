import { z } from 'zod';
import { KEY_NAME_PATTERN } from '../contract/key-policy';

/** What every request of a person brings. The reason goes into the ledger, so that whoever reads it later knows why. */
export const keyName = z.string().regex(KEY_NAME_PATTERN);
export const REASON_LENGTH = { min: 3, max: 500 } as const;
export const reason = z.string().trim().min(REASON_LENGTH.min, { error: 'say why, in a few words' }).max(REASON_LENGTH.max);

/**
 * What a person is told.
 * - `done`: it has happened. `unchanged`: it was so already. `asked`: it needs an approval first. `refused`: nothing was changed.
 */
export interface Told {
  readonly status: 'done' | 'unchanged' | 'asked' | 'refused';
  readonly message: string;
  readonly approvalId?: string;
  readonly rotationId?: string;
}

export const told = (status: Told['status'], message: string, more: Pick<Told, 'approvalId' | 'rotationId'> = {}): Told => ({ status, message, ...more });
