import { createHash } from 'node:crypto';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import { windowStart } from './windows';

/**
 * The execution name: `<prefix>-<window>-a<attempt>`, or `-e<number>` for an emergency.
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
const ROTATION_ID = new RegExp(`^([0-9A-Za-z][0-9A-Za-z_-]{0,${MAX_PREFIX_LENGTH - 1}})-(\\d{8}T\\d{4}Z)-([ae])([1-9]\\d{0,2})$`);

/** Attempts and emergencies of one window have three digits at most. */
export const MAX_ATTEMPT = 999;

export interface RotationIdParts {
  /** `rotationPrefix` of the key: its name, unless that had to be encoded. */
  readonly prefix: string;
  readonly window: string;
  /** Number of the attempt, or of the emergency. */
  readonly attempt: number;
  readonly isEmergency: boolean;
}

/**
 * The execution name of one attempt for one window: `orders-20260401T0000Z-a1`.
 * @throws {RangeError} when the key's name or the window id is not legal, or the attempt is not one of 1 … 999.
 */
export function rotationId(key: string, windowId: string, attempt: number): string {
  return compose(key, windowId, 'a', attempt);
}

/** The execution name of an emergency rotation: `orders-20260401T0000Z-e1`. @throws {RangeError} as `rotationId`. */
export function emergencyId(key: string, windowId: string, number: number): string {
  return compose(key, windowId, 'e', number);
}

/** Takes an execution name apart; `undefined` for a name that keyturn never gives. */
export function parseRotationId(text: string): RotationIdParts | undefined {
  const [, prefix, window, kind, number] = ROTATION_ID.exec(text) ?? [];
  if (prefix === undefined || window === undefined || !isWindowId(window)) return undefined;
  return { prefix, window, attempt: Number(number), isEmergency: kind === 'e' };
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

function compose(key: string, windowId: string, kind: 'a' | 'e', number: number): string {
  if (!Number.isInteger(number) || number < 1 || number > MAX_ATTEMPT) throw new RangeError(`An attempt is one of 1 … ${MAX_ATTEMPT}, not ${number}`);
  windowStart(windowId);
  return `${rotationPrefix(key)}-${windowId}-${kind}${number}`;
}

function isWindowId(text: string): boolean {
  try {
    windowStart(text);
    return true;
  } catch {
    return false;
  }
}
