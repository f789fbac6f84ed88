import { InvalidArgumentError } from 'commander';
import { reason, REASON_LENGTH } from '../lambdas/tasks/people';

/**
 * A reason as the entrances take it, so that a bad one is refused before anything is asked or sent.
 * @throws {InvalidArgumentError} when it is too short or too long
 */
export function reasonText(text: string): string {
  const parsed = reason.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`It must have ${REASON_LENGTH.min} to ${REASON_LENGTH.max} characters: say why, in a few words.`);
  return parsed.data;
}
