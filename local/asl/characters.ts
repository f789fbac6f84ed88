/** Characters as AWS's limits count them: one outside the basic plane is one, though it takes two units of UTF-16. */
export function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The first `maximum` characters, none of them cut in two. */
export function firstCharacters(text: string, maximum: number): string {
  return text.length <= maximum ? text : Array.from(text.slice(0, 2 * maximum)).slice(0, maximum).join('');
}
