/**
 * Levels of objects and arrays in a JSON text of a client. AWS documents none for most services; this is the default bound of the
 * parser behind many of them (Jackson, `StreamReadConstraints`), and far from where the call stack ends.
 */
export const MAX_JSON_DEPTH = 1_000;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPEN_ARRAY = '['.charCodeAt(0);
const CLOSE_ARRAY = ']'.charCodeAt(0);
const OPEN_OBJECT = '{'.charCodeAt(0);
const CLOSE_OBJECT = '}'.charCodeAt(0);

/** Whether a JSON text is nested deeper than {@link MAX_JSON_DEPTH}. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) {
      isInString = true;
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      depth--;
    }
  }
  return false;
}

/** Parses JSON that a client wrote. @throws {SyntaxError} also for what is nested deeper than {@link MAX_JSON_DEPTH}. */
export function parseClientJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`The JSON is nested deeper than ${String(MAX_JSON_DEPTH)} levels`);
  return JSON.parse(text);
}
