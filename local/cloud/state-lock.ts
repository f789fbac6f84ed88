import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { StateFileError } from './state-file';

/** Tokens of the locks that this process holds: after a restart in a container another one may have had its number. */
const held = new Set<string>();

/** So often a lock that somebody left behind is removed, before whoever takes it each time is told about. */
const MAX_TRIES = 5;

/**
 * One local cloud's claim to a state file, in a file beside it (`<file>.lock`: the process and a token of its own), so that
 * two never overwrite what the other has saved. One that was left behind by a process that is no more counts for nothing.
 */
export class StateLock {
  private readonly token = randomUUID();

  private constructor(private readonly file: string) {}

  /** @throws {StateFileError} naming the process that has it. */
  static take(file: string): StateLock {
    const lock = new StateLock(file);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        writeFileSync(lock.path, `${String(process.pid)} ${lock.token}\n`, { flag: 'wx', mode: 0o600 });
        held.add(lock.token);
        return lock;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new StateFileError(`The state cannot be kept in ${file}: ${String(error)}`);
      }
      const holder = lock.read();
      if (holder !== undefined && isAlive(holder)) {
        throw new StateFileError(`${file} is in use by process ${String(holder.pid)}, perhaps another \`keyturn local\`. Stop that one, or name another file. If it is none, remove ${lock.path}.`);
      }
      rmSync(lock.path, { force: true });
    }
    throw new StateFileError(`${file} is in use. Name another file, or remove ${lock.path}.`);
  }

  /** @throws {StateFileError} when the lock was taken away, so that somebody else may have written since. */
  requireHeld(): void {
    if (this.read()?.token !== this.token) throw new StateFileError(`${this.file} was not written: its lock ${this.path} was taken away, and somebody else may have written to it.`);
  }

  release(): void {
    if (this.read()?.token === this.token) rmSync(this.path, { force: true });
    held.delete(this.token);
  }

  private get path(): string {
    return `${this.file}.lock`;
  }

  private read(): { readonly pid: number; readonly token: string } | undefined {
    try {
      const [, pid, token = ''] = /^(\d+) (\S+)\n$/.exec(readFileSync(this.path, 'utf8')) ?? [];
      return pid === undefined ? undefined : { pid: Number(pid), token };
    } catch {
      return undefined;
    }
  }
}

function isAlive({ pid, token }: { readonly pid: number; readonly token: string }): boolean {
  if (pid === process.pid) return held.has(token);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
