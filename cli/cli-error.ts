/** Something that the person at the terminal can mend: what was given, what is allowed, what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
