import { MAX_DEPENDENTS } from '../../lambdas/contract/key-policy';
import { SECONDS, secondsOf } from './duration';
import { unless, type Problem } from './problem';
import { DEFAULTS, MAX_TAGS, MAX_TAG_NAME_LENGTH, RESERVED_TAG_PREFIXES, TAG_HINT, dependentSchema, tagValueSchema } from './schema';

/**
 * Rules about the entries of a list or map. They read what the file holds, not what the shape accepted, so that one malformed entry does not hide
 * what is wrong with the others. What the shape reports already, they leave out.
 */

/** A state can be entered that long before its function answers. */
const MIN_ACKNOWLEDGE_SECONDS = 2 * SECONDS.m;

type Entry = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param given what stands in `dependents`. Paths are below its key. */
export function dependentProblems(given: unknown): readonly Problem[] {
  if (!Array.isArray(given)) return [];
  const entries: readonly unknown[] = given;
  const names = entries.map((entry) => (isObject(entry) ? dependentSchema.shape.name.safeParse(entry['name']).data : undefined));
  return [
    ...unless(entries.length <= MAX_DEPENDENTS, 'dependents', `${entries.length} dependents`, `allowed: at most ${MAX_DEPENDENTS} dependents; let one service answer for several`),
    ...entries.flatMap((entry, index) => (isObject(entry) ? dependentProblemsAt(index, entry, names) : [])),
  ];
}

/** @param names of all entries; `undefined` where a name is malformed. */
function dependentProblemsAt(index: number, entry: Entry, names: readonly (string | undefined)[]): readonly Problem[] {
  const path = `dependents[${index}]`;
  const first = names.indexOf(names[index]);
  const { principal, probe, acknowledgeWithin = DEFAULTS.acknowledgeWithin } = entry;
  const within = dependentSchema.shape.acknowledgeWithin.safeParse(acknowledgeWithin).data;
  return [
    ...unless(
      within === undefined || secondsOf(within) >= MIN_ACKNOWLEDGE_SECONDS,
      `${path}.acknowledgeWithin`,
      acknowledgeWithin,
      'allowed: at least 2m, or the time is over before anybody is asked; raise it',
    ),
    ...unless((principal === undefined) !== (probe === undefined), `${path}.principal`, principal, 'allowed: either a principal or a probe; write exactly one of them'),
    ...unless(names[index] === undefined || first === index, `${path}.name`, names[index], `dependents[${first}] has the same name; rename one`),
  ];
}

/** @param given what stands in `tags`. Paths are below its key. */
export function tagProblems(given: unknown): readonly Problem[] {
  if (!isObject(given)) return [];
  const names = Object.keys(given);
  return [
    ...unless(names.length <= MAX_TAGS, 'tags', `${names.length} tags`, `allowed: at most ${MAX_TAGS}, because KMS allows 50 with keyturn's own; remove some`),
    ...names.flatMap((name) => [
      // A malformed value has had this line already.
      ...unless((name.length >= 1 && name.length <= MAX_TAG_NAME_LENGTH) || !tagValueSchema.safeParse(given[name]).success, `tags.${name}`, given[name], TAG_HINT),
      ...unless(
        !RESERVED_TAG_PREFIXES.some((prefix) => name.toLowerCase().startsWith(prefix)),
        `tags.${name}`,
        given[name],
        `allowed: names that do not begin with ${RESERVED_TAG_PREFIXES.join(' or ')}, which are reserved; rename the tag`,
      ),
    ]),
  ];
}
