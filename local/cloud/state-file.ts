import { createHash, randomUUID } from 'node:crypto';
import { accessSync, closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type CloudState, cloudState } from './cloud-state';

const FORMAT = 'keyturn local state';
/** Raised when what is saved changes its shape. */
const VERSION = 2;

const header = z.looseObject({ format: z.literal(FORMAT), version: z.int(), sha256: z.string().optional() });

/** Something about a state file that its owner must decide about; the file is as it was. */
export class StateFileError extends Error {
  override readonly name = 'StateFileError';
}

/**
 * Reads a state file: a line that says what it is, and a line of JSON.
 * @returns nothing when there is no such file.
 * @throws {StateFileError} when it is no state file, one of another version, or damaged.
 */
export function readStateFile(file: string): CloudState | undefined {
  const text = readText(file);
  if (text === undefined) return undefined;
  const end = text.indexOf('\n');
  const head = header.safeParse(parsed(text.slice(0, end)));
  if (end < 0 || !head.success) throw new StateFileError(`${file} is not a state of \`keyturn local\`. Name another file; this one was left as it is.`);
  const { version, sha256 } = head.data;
  if (version !== VERSION) {
    throw new StateFileError(`${file} is of version ${String(version)}, and this keyturn reads version ${String(VERSION)}. Name another file to begin anew; this one was left as it is.`);
  }
  const body = text.slice(end + 1);
  const state = digestOf(body) === sha256 ? cloudState.safeParse(parsed(body)) : undefined;
  if (state?.success !== true) throw new StateFileError(`${file} is damaged${state === undefined ? ': it is not what was written' : ''}. Name another file to begin anew; this one was left as it is.`);
  return state.data;
}

/** Replaces a state file as a whole: whatever happens meanwhile, it is the old one or the new one. */
export function writeStateFile(file: string, state: CloudState): void {
  const body = JSON.stringify(state);
  const temporary = `${file}.${randomUUID()}.tmp`;
  // Only if it is new: nobody has put a link to another file there.
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(descriptor, `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: digestOf(body) })}\n${body}`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** @throws {StateFileError} when a state could not be written there later. */
export function requireWritable(file: string): void {
  const directory = path.dirname(path.resolve(file));
  try {
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new StateFileError(`The state cannot be kept in ${file}: ${String((error as NodeJS.ErrnoException).code)} for the folder ${directory}.`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new StateFileError(`The state cannot be kept in ${file}: it is not a file.`);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StateFileError(`${file} cannot be read: ${String(error)}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
