import type { Json } from '../../../lambdas/domain/trace';
import type { StatesBlock } from '../definition';
import { asError, StateFailure } from '../failure';
import type { Lane, MapItem } from '../lane';
import type { JobStanding, LanesStanding } from '../standing';

/** What the branches of a Parallel, or the iterations of a Map, run and leave in the history. */
export interface LaneWork {
  block(index: number): StatesBlock;
  /** @returns the event that the new lane goes on from */
  opened(index: number, previousEventId: number): number;
  /** @returns the event that the parent goes on from, if this was the last one */
  succeeded(index: number, lane: Lane): number;
  failed(index: number, lane: Lane): void;
  /** A sibling failed. */
  aborted(index: number, lane: Lane, previousEventId: number): void;
}

/** What one lane is to do. */
export interface LaneJob {
  readonly input: Json;
  /** The iteration of a Map. */
  readonly item?: MapItem;
}

interface Job {
  readonly index: number;
  readonly input: Json;
  readonly item: MapItem | undefined;
  /** Once begun, until done. */
  lane: Lane | undefined;
  /** Once done. */
  outcome: { readonly output: Json } | undefined;
}

interface RunningJob {
  readonly job: Job;
  readonly lane: Lane;
}

/** What runs side by side inside a state: at most `atATime` lanes at once, the next as soon as one succeeds. */
export class LaneGroup {
  private constructor(
    private readonly parent: Lane,
    private readonly atATime: number,
    private readonly jobs: readonly Job[],
    private readonly startedEventId: number,
    private lastEventId: number,
  ) {}

  /** Follows the event at which `parent` stands. */
  static of(parent: Lane, jobs: readonly LaneJob[], atATime: number): LaneGroup {
    const unbegun = jobs.map(({ input, item }, index): Job => ({ index, input, item, lane: undefined, outcome: undefined }));
    return new LaneGroup(parent, atATime, unbegun, parent.cursorId, parent.cursorId);
  }

  static restore(parent: Lane, { atATime, jobs, startedEventId, lastEventId }: LanesStanding): LaneGroup {
    const restored = jobs.map(({ input, item, lane, outcome }, index): Job => ({
      index,
      input,
      item: item ?? undefined,
      lane: lane === null ? undefined : parent.restoreBranch(item ?? undefined, lane),
      outcome: outcome ?? undefined,
    }));
    return new LaneGroup(parent, atATime, restored, startedEventId, lastEventId);
  }

  standing(): LanesStanding {
    const { atATime, startedEventId, lastEventId } = this;
    const jobs = this.jobs.map(({ input, item, lane, outcome }): JobStanding => ({
      input,
      item: item === undefined ? null : { Index: item.Index, Value: item.Value },
      lane: lane?.standing() ?? null,
      outcome: outcome ?? null,
    }));
    return { atATime, startedEventId, lastEventId, jobs };
  }

  isAtRest(): boolean {
    return this.jobs.every(({ lane }) => lane === undefined || lane.isAtRest());
  }

  /**
   * Runs what is not done: first what was begun, from where it stands, then the rest.
   * @returns all outputs, in the order of the jobs
   * @throws {StateFailure} of the first that fails, after aborting the others
   */
  run(work: LaneWork): Promise<Json[]> {
    return new Promise((resolve, reject) => {
      const unbegun = this.jobs.filter(({ lane, outcome }) => lane === undefined && outcome === undefined);
      const running = new Map<Job, Lane>();
      let hasFailed = false;

      const open = (previousEventId: number): RunningJob | undefined => {
        const job = unbegun.shift();
        if (job === undefined) return undefined;
        const lane = this.parent.branch(job.item, work.opened(job.index, previousEventId));
        job.lane = lane;
        running.set(job, lane);
        return { job, lane };
      };
      const start = ({ job, lane }: RunningJob): void => {
        lane.run(work.block(job.index), job.input).then(
          (output) => finished(job, lane, output),
          (error: unknown) => failed(job, lane, error),
        );
      };
      const goOn = (): void => {
        if (running.size > 0) return;
        this.parent.cursorId = this.lastEventId;
        resolve(this.jobs.map(({ outcome }) => outcome?.output ?? null));
      };
      const finished = guarded(reject, (job: Job, lane: Lane, output: Json) => {
        running.delete(job);
        const freedEventId = lane.cursorId;
        this.lastEventId = work.succeeded(job.index, lane);
        job.outcome = { output };
        job.lane = undefined;
        const next = open(freedEventId);
        if (next === undefined) goOn();
        else start(next);
      });
      const failed = guarded(reject, (job: Job, lane: Lane, error: unknown) => {
        if (hasFailed) return;
        hasFailed = true;
        this.parent.cursorId = lane.cursorId;
        if (error instanceof StateFailure && !error.isTerminal) {
          work.failed(job.index, lane);
          for (const [other, otherLane] of running) if (other !== job) work.aborted(other.index, otherLane, lane.cursorId);
        }
        reject(asError(error));
      });

      const first: RunningJob[] = [];
      for (const job of this.jobs) {
        if (job.lane === undefined) continue;
        running.set(job, job.lane);
        first.push({ job, lane: job.lane });
      }
      // All that may start do so before the first of them takes a step, as in AWS's histories.
      while (running.size < this.atATime) {
        const next = open(this.startedEventId);
        if (next === undefined) break;
        first.push(next);
      }
      for (const next of first) start(next);
      goOn();
    });
  }
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
