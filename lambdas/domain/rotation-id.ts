import { createHash } from 'node:crypto';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import { windowStart } from './windows';

/**
 * What an execution does: `rotation` for a window, `emergency` for a compromised version, `retirement` for a version whose end an earlier
 * rotation had to leave.
 */
export type RunKind = 'rotation' | 'emergency' | 'retirement';

const LETTERS: Readonly<Record<RunKind, string>> = { rotation: 'a', emergency: 'e', retirement: 'r' };
const KINDS: Readonly<Record<string, RunKind>> = { a: 'rotation', e: 'emergency', r: 'retirement' };

/** One execution of the workflow, as its input and its name say. */
export interface Run {
  readonly kind: RunKind;
  readonly window: string;
  /** Number of the attempt, of the emergency, or of the retirement run. */
  readonly number: number;
}

/**
 * The execution name: `<prefix>-<window>-a<attempt>`, `-e<number>` for an emergency, `-r<number>` for a retirement run.
 *
 * 80 characters of `[0-9A-Za-z_-]` are allowed. The end takes 1 + 14 + 1 + 4 = 20 of them at most and is read from the right, so
 * names are distinct when their prefixes are, and a prefix may hold 60.
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
const MAX_PREFIX_LENGTH = 60;

/** 128 bits in hex: two keys of one registry do not meet by chance or on purpose. */
const HASH_LENGTH = 32;

const LITERAL_NAME = new RegExp(`^[0-9A-Za-z_-]{1,${MAX_PREFIX_LENGTH}}$`);
const ENCODED_NAME = new RegExp(`--[0-9a-f]{${HASH_LENGTH}}$`);
const ROTATION_ID = new RegExp(`^([0-9A-Za-z][0-9A-Za-z_-]{0,${MAX_PREFIX_LENGTH - 1}})-(\\d{8}T\\d{4}Z)-([aer])([1-9]\\d{0,2})$`);

/** Attempts, emergencies and retirement runs have three digits at most. */
export const MAX_RUN_NUMBER = 999;

export interface RotationIdParts extends Run {
  /** `rotationPrefix` of the key: its name, unless that had to be encoded. */
  readonly prefix: string;
}

/**
 * The execution name of one run: `orders-20260401T0000Z-a1`.
 * @throws {RangeError} when the key's name or the window id is not legal, or the number is not one of 1 … 999.
 */
export function rotationId(key: string, { kind, window, number }: Run): string {
  if (!Number.isInteger(number) || number < 1 || number > MAX_RUN_NUMBER) throw new RangeError(`A run has a number from 1 to ${MAX_RUN_NUMBER}, not ${number}`);
  windowStart(window);
  return `${rotationPrefix(key)}-${window}-${LETTERS[kind]}${number}`;
}

/** The input of a run's execution: nothing volatile, or a duplicate start would not be recognized. */
export function executionInput(key: string, { kind, window, number }: Run): Readonly<Record<string, string | number>> {
  return { key, window, [kind === 'rotation' ? 'attempt' : kind]: number };
}

/** Takes an execution name apart; `undefined` for a name that keyturn never gives. */
export function parseRotationId(text: string): RotationIdParts | undefined {
  const [, prefix, window, letter = '', number] = ROTATION_ID.exec(text) ?? [];
  const kind = KINDS[letter];
  if (prefix === undefined || window === undefined || kind === undefined || !isWindowId(window)) return undefined;
  return { prefix, kind, window, number: Number(number) };
}

/**
 * What stands for a key in its execution names, injective over all legal names: the name itself where it fits, else
 * `<slug>--<hash>`. A name that already ends like an encoded one is encoded too, so no literal name is another's encoding.
 * @throws {RangeError} when the name is not legal.
 */
export function rotationPrefix(key: string): string {
  if (!KEY_NAME_PATTERN.test(key)) throw new RangeError(`"${key}" is not a legal key name: ${KEY_NAME_PATTERN.source}`);
  if (LITERAL_NAME.test(key) && !ENCODED_NAME.test(key)) return key;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, HASH_LENGTH);
  const slug = key.replaceAll(/[^0-9A-Za-z_-]/g, '-').slice(0, MAX_PREFIX_LENGTH - HASH_LENGTH - '--'.length);
  return `${slug.replace(/-+$/, '')}--${hash}`;
}

function isWindowId(text: string): boolean {
  try {
    windowStart(text);
    return true;
  } catch {
    return false;
  }
}
