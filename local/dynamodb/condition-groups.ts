/** Parts of a condition that stood in parentheses of their own, each before the part that holds its stand-in. */
export interface ConditionGroups {
  /** Inner before outer; the last is what is outside of all parentheses. */
  readonly parts: readonly string[];
  /** By stand-in, the index of the part that it stands for. */
  readonly standIns: ReadonlyMap<string, number>;
}

/** Parentheses of one pair. */
interface Pair {
  readonly kind: 'call' | 'plain';
  /** The text in it so far. */
  content: string;
  /** How many plain pairs are nested in it. */
  depth: number;
  /** The plain pair that it holds last, to tell a pair that holds nothing else. */
  inner?: string;
}

const TOKEN = /\s+|[()]|[^\s()]+/g;
/** What calls a function or begins the list of IN; `AND (` and its like do not. */
const CALLER = /(?:^|[^#:\w])(?!(?:and|or|not|between)$)[a-z_]\w*$/i;
/** A path, a value or a call: such parentheses hold an operand, or something as simple. */
const OPERAND = /^\s*(?:[#:]?\w[\w.#[\]]*|\w+\s*\([^]*\))\s*$/;
const IS_CONDITION = /[<>=]|(?<![#:.\w])(?:and|or|not|in|between)(?!\w)/i;

/**
 * Takes a condition apart at its groups, so that a grammar without memoization never meets nested ones: it would need
 * time that grows exponentially with the nesting.
 *
 * @param names those of the request's attributes: stand-ins are other names
 * @returns what is wrong with the parentheses, in DynamoDB's words; `undefined` when no group is within another
 */
export function groupsOf(condition: string, names: readonly string[]): ConditionGroups | string | undefined {
  const mark = freeMark([condition, ...names]);
  const parts: string[] = [];
  const standIns = new Map<string, number>();
  const open: Pair[] = [{ kind: 'call', content: '', depth: 0 }];
  let deepest = 0;
  for (const [token] of condition.matchAll(TOKEN)) {
    const [around] = open.slice(-1);
    if (around === undefined) return unexpected(')', condition);
    if (token === '(') {
      open.push({ kind: CALLER.test(around.content.trimEnd()) ? 'call' : 'plain', content: '', depth: 0 });
    } else if (token === ')') {
      const [outer] = open.slice(-2, -1);
      if (outer === undefined) return unexpected(')', condition);
      open.pop();
      const closed = close(around);
      if (closed === undefined) return 'The expression has redundant parentheses;';
      deepest = Math.max(deepest, closed.depth);
      let text = `(${around.content})`;
      if (closed.isGroup) {
        const standIn = `${mark}${String(parts.length)}`;
        standIns.set(standIn, parts.length);
        parts.push(around.content);
        text = ` ${standInText(standIn)} `;
      }
      outer.content += text;
      outer.depth = Math.max(outer.depth, closed.depth);
      if (around.kind === 'plain') outer.inner = text;
    } else {
      around.content += token;
    }
  }
  const [outermost] = open;
  if (outermost === undefined || open.length > 1) return unexpected('<EOF>', condition);
  return deepest < 2 ? undefined : { parts: [...parts, outermost.content], standIns };
}

/** What a pair is once it is whole; `undefined` if it holds nothing but another pair. */
function close({ kind, content, depth, inner }: Pair): { readonly depth: number; readonly isGroup: boolean } | undefined {
  if (kind === 'call') return { depth, isGroup: false };
  if (inner !== undefined && content.trim() === inner.trim()) return undefined;
  return { depth: depth + 1, isGroup: !OPERAND.test(content) || IS_CONDITION.test(content) };
}

/** A condition that the grammar takes wherever it takes a group. */
function standInText(standIn: string): string {
  return `${standIn} = ${standIn}_`;
}

/** What no text has a name with. */
function freeMark(texts: readonly string[]): string {
  let mark = '#g';
  while (texts.some((text) => text.includes(mark))) mark += 'g';
  return mark;
}

function unexpected(token: string, condition: string): string {
  return `Syntax error; token: "${token}", near: "${condition.slice(-12)}"`;
}
