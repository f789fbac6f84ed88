import { isTooDeep, MAX_JSON_DEPTH, parseClientJson } from '../../../local/kernel/client-json';

const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

test.each<[string, string, boolean]>([
  ['as deep as may be', arrays(MAX_JSON_DEPTH), false],
  ['a level deeper', arrays(MAX_JSON_DEPTH + 1), true],
  ['objects, a level deeper', `${'{"a":'.repeat(MAX_JSON_DEPTH + 1)}1${'}'.repeat(MAX_JSON_DEPTH + 1)}`, true],
  ['long, but not deep', `[${'[],{},'.repeat(MAX_JSON_DEPTH)}1]`, false],
  ['brackets in a string', JSON.stringify('['.repeat(2_000)), false],
  ['brackets in a string behind an escaped quote', JSON.stringify(`"${'['.repeat(2_000)}\\`), false],
  ['brackets behind a string that ends with a backslash', `["\\\\",${arrays(MAX_JSON_DEPTH)}]`, true],
])('%s', (_case, text, tooDeep) => {
  expect(isTooDeep(text)).toBe(tooDeep);
  if (tooDeep) expect(() => parseClientJson(text)).toThrow(SyntaxError);
  else expect(parseClientJson(text)).toEqual(JSON.parse(text));
});
