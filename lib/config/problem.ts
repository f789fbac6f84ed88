/** One thing that is wrong with a configuration, in the words of the person who wrote it. */
export interface Problem {
  /** `keys[2].drain` */
  readonly path: string;
  /** What the file holds there; `undefined` when it holds nothing. */
  readonly given: unknown;
  /** What is allowed, and what to do. */
  readonly hint: string;
}

/** No problem when all is fine, else one. */
export function unless(isFine: boolean, path: string, given: unknown, hint: string): readonly Problem[] {
  return isFine ? [] : [{ path, given, hint }];
}

/** Everything that is wrong with a configuration, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    source: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${source} has ${count}:`, ...problems.map((problem) => `  ${lineOf(problem)}`)].join('\n'));
  }
}

function lineOf({ path, given, hint }: Problem): string {
  return `${path}: ${given === undefined ? 'missing' : `got ${excerptOf(given)}`}; ${hint}`;
}

/** Long values are cut, so that each problem stays one line. */
const MAX_EXCERPT = 120;

function excerptOf(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…` : text;
}

/** `['keys', 2, 'drain']` is `keys[2].drain`. */
export function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, '');
}
