/** Says whether a text matches. */
export type Matcher = (text: string) => boolean;

/** IAM's wildcards: `*` any text, `?` one character. */
export function compilePattern(pattern: string): Matcher {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  const compiled = new RegExp(`^${source}$`, 's');
  return (text) => compiled.test(text);
}

/** Each of an ARN's six parts by itself, so that a wildcard does not reach over a colon; the last part keeps its colons. */
export function compileArnPattern(pattern: string): Matcher {
  if (pattern === '*') return () => true;
  const parts = arnParts(pattern).map(compilePattern);
  return (arn) => {
    const candidate = arnParts(arn);
    return candidate.length === parts.length && parts.every((matches, index) => matches(candidate[index] ?? ''));
  };
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}
