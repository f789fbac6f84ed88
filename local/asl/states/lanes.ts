import type { Json } from '../../../lambdas/domain/trace';
import { asError, StateFailure } from '../failure';
import type { Lane } from '../lane';

/** What runs side by side: one branch, or one iteration. */
export interface LaneJob {
  /** Opens the lane, after the event that made room for it. */
  open(previousEventId: number): Lane;
  run(lane: Lane): Promise<Json>;
  /** @returns the event that the parent goes on from, if this was the last one */
  succeeded(lane: Lane): number;
  failed(lane: Lane): void;
  /** A sibling failed. */
  aborted(lane: Lane, previousEventId: number): void;
}

/**
 * Runs `jobs`, at most `atATime` of them at once, the next as soon as one succeeds.
 * @returns their outputs, in the order of the jobs
 * @throws {StateFailure} of the first that fails, after aborting the others
 */
export function runLanes(parent: Lane, jobs: readonly LaneJob[], atATime: number): Promise<Json[]> {
  if (jobs.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const outputs: Json[] = jobs.map(() => null);
    const running = new Map<LaneJob, Lane>();
    const waiting = [...jobs.entries()];
    let hasFailed = false;

    const open = (previousEventId: number): (() => void) => {
      const entry = waiting.shift();
      if (entry === undefined) return () => undefined;
      const [index, job] = entry;
      const lane = job.open(previousEventId);
      running.set(job, lane);
      return () => {
        job.run(lane).then(
          (output) => {
            outputs[index] = output;
            finished(job, lane);
          },
          (error: unknown) => failed(job, lane, error),
        );
      };
    };
    const finished = guarded(reject, (job: LaneJob, lane: Lane) => {
      running.delete(job);
      const freedEventId = lane.cursorId;
      const lastEventId = job.succeeded(lane);
      if (waiting.length > 0) {
        open(freedEventId)();
      } else if (running.size === 0) {
        parent.cursorId = lastEventId;
        resolve(outputs);
      }
    });
    const failed = guarded(reject, (job: LaneJob, lane: Lane, error: unknown) => {
      if (hasFailed) return;
      hasFailed = true;
      parent.cursorId = lane.cursorId;
      if (error instanceof StateFailure) {
        job.failed(lane);
        for (const [other, otherLane] of running) if (other !== job) other.aborted(otherLane, lane.cursorId);
      }
      reject(asError(error));
    });

    // All that may start do so before the first of them takes a step, as in AWS's histories.
    const starts = jobs.slice(0, atATime).map(() => open(parent.cursorId));
    for (const start of starts) start();
  });
}

/** Callbacks of promises have nobody above them: what they throw (a full history) fails the whole. */
function guarded<Args extends unknown[]>(reject: (error: Error) => void, step: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    try {
      step(...args);
    } catch (error) {
      reject(asError(error));
    }
  };
}
