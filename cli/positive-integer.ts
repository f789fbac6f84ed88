import { InvalidArgumentError } from 'commander';

/** @throws {InvalidArgumentError} for anything else */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1, such as 3.');
  return number;
}
