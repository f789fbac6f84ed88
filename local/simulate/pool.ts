import { fork } from 'node:child_process';

/** What a worker is sent: first what all tasks have in common, then one task at a time. */
type ToWorker<Common, Task> = { readonly common: Common } | { readonly task: Task };

/** What it answers: a result per task, or why there is none. */
type FromWorker<Result> = { readonly result: Result } | { readonly error: string };

export interface PoolOptions<Common, Task, Result> {
  /** Module that calls `serve`. */
  readonly worker: string;
  /** Processes that work at once. */
  readonly jobs: number;
  readonly common: Common;
  /** @returns `undefined` when there is no more */
  readonly next: () => Task | undefined;
  readonly take: (result: Result, task: Task) => void;
}

/** A simulated world is made of short-lived objects; collecting them less often saves a twentieth of the time. */
const ROOM_FOR_THE_YOUNG = '--max-semi-space-size=64';

/** A task takes a second or two; one that takes so much longer never ends. */
const LONGEST_TASK_MS = 120_000;

/** Works tasks off in processes of their own. All that travels is plain data. @throws {Error} when a task could not be done: that is a bug, never a result */
export async function inProcesses<Common, Task, Result>(options: PoolOptions<Common, Task, Result>): Promise<void> {
  await Promise.all(Array.from({ length: options.jobs }, () => oneProcess(options)));
}

/** One process, from its first task to its last. */
function oneProcess<Common, Task, Result>({ worker: file, common, next, take }: PoolOptions<Common, Task, Result>): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = fork(file, { serialization: 'advanced', execArgv: [...process.execArgv, ROOM_FOR_THE_YOUNG] });
    let current: Task | undefined;
    let watch: NodeJS.Timeout | undefined;
    const send = (message: ToWorker<Common, Task>): void => { worker.send(message); };
    const fail = (error: Error): void => {
      clearTimeout(watch);
      worker.kill();
      reject(error);
    };
    const give = (): void => {
      clearTimeout(watch);
      current = next();
      if (current === undefined) worker.disconnect();
      else {
        watch = setTimeout(() => { fail(new Error(`The task ${JSON.stringify(current)} hangs: it has taken ${LONGEST_TASK_MS / 1000} s`)); }, LONGEST_TASK_MS);
        send({ task: current });
      }
    };
    worker.on('error', fail);
    worker.on('message', (message: FromWorker<Result>) => {
      if ('error' in message) return fail(new Error(`The task ${JSON.stringify(current)} could not be done: ${message.error}`));
      take(message.result, current as Task);
      give();
    });
    worker.on('exit', (code) => {
      if (code === 0) resolve();
      else fail(new Error(`A worker ended with exit code ${String(code)}`));
    });
    send({ common });
    give();
  });
}

/** Makes this process a worker. What its pool sends is what `work` takes. */
export function serve(work: (common: never, task: never) => Promise<unknown>): void {
  let common: unknown;
  const answer = async (task: unknown): Promise<FromWorker<unknown>> => {
    try {
      return { result: await work(common as never, task as never) };
    } catch (error) {
      return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (message: ToWorker<unknown, unknown>) => {
    if ('common' in message) common = message.common;
    else void answer(message.task).then((answered) => process.send?.(answered));
  });
}
