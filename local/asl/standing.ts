import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import type { Alarm } from './alarms';
import { STATE_SHAPES, type StateType } from './definition';

/**
 * Where an execution stands, as JSON: enough to put it back there. Saving writes it down as it is; a redrive puts the
 * execution back where it failed, without what begins anew (`redriven`).
 */
export type LaneStanding = {
  /** The event that the next one follows. */
  readonly cursorId: number;
  /** Its own variables, without those of the lanes around it. */
  readonly variables: { readonly [name: string]: Json };
  /** `null` before its first state. */
  readonly visit: VisitStanding | null;
};

/** Inside a state. At most one of `wake`, `task` and `lanes` says what it waits for. */
export type VisitStanding = {
  readonly stateName: string;
  readonly type: StateType;
  readonly input: Json;
  readonly enteredAtMs: number;
  readonly enteredEventId: number;
  /** The event before the state was entered. */
  readonly beforeEventId: number;
  readonly retryCount: number;
  readonly retries: readonly (readonly [retrierPosition: number, retries: number])[];
  readonly taskToken: string | null;
  /** The end of a Wait, or of the delay before a retry. */
  readonly wake: Alarm | null;
  readonly task: TaskStanding | null;
  readonly lanes: LanesStanding | null;
  /** Where it went, once it has left the state. */
  readonly left: { readonly output: Json; readonly next: string | null } | null;
};

/** An attempt of a task that was begun. */
export type TaskStanding = {
  /** Whether the call has come back, so that only the answer to its token is missing. */
  readonly hasReturned: boolean;
  readonly timeout: Alarm | null;
  readonly heartbeat: Alarm | null;
  readonly heartbeatSeconds: number | null;
};

/** The branches of a Parallel or the iterations of a Map. */
export type LanesStanding = {
  readonly startedEventId: number;
  /** The event that the state goes on from when nothing is left to do. */
  readonly lastEventId: number;
  /** How many run at a time. */
  readonly atATime: number;
  readonly jobs: readonly JobStanding[];
};

export type JobStanding = {
  readonly input: Json;
  /** The iteration of a Map; `null` for a branch. */
  readonly item: { readonly Index: number; readonly Value: Json } | null;
  /** Where it stands, once begun and until done. */
  readonly lane: LaneStanding | null;
  /** What it came to, once done. */
  readonly outcome: { readonly output: Json } | null;
};

/**
 * The same place, as a redrive enters it: unsuccessful states are tried anew from where they were entered, with new
 * tokens, time-outs and retries, and on the variables of then. Branches and iterations that succeeded keep their outcome.
 */
export function redriven(lane: LaneStanding): LaneStanding {
  const { visit } = lane;
  if (visit === null || visit.left !== null) return lane;
  const lanes = visit.lanes === null ? null : { ...visit.lanes, jobs: visit.lanes.jobs.map(redrivenJob) };
  return {
    ...lane,
    cursorId: lanes?.startedEventId ?? visit.enteredEventId,
    visit: { ...visit, retryCount: 0, retries: [], taskToken: null, wake: null, task: null, lanes },
  };
}

function redrivenJob(job: JobStanding): JobStanding {
  return job.lane === null ? job : { ...job, lane: redriven(job.lane) };
}

/** Any JSON that was saved; its depths are not looked at again. */
export const savedJson = z.custom<Json>((value) => value !== undefined);

const count = z.int().min(0);
const stateTypes = Object.keys(STATE_SHAPES);

/** How alarms are saved. */
export const savedAlarm: z.ZodType<Alarm> = z.strictObject({ atMs: z.number(), order: count });

/** How the place of a lane is saved. */
export const savedLane: z.ZodType<LaneStanding> = z.strictObject({
  cursorId: count,
  variables: z.record(z.string(), savedJson),
  visit: z.lazy(() => savedVisit).nullable(),
});

const savedTask = z.strictObject({
  hasReturned: z.boolean(),
  timeout: savedAlarm.nullable(),
  heartbeat: savedAlarm.nullable(),
  heartbeatSeconds: z.number().nullable(),
});

const savedJob = z.strictObject({
  input: savedJson,
  item: z.strictObject({ Index: count, Value: savedJson }).nullable(),
  lane: savedLane.nullable(),
  outcome: z.strictObject({ output: savedJson }).nullable(),
});

const savedVisit: z.ZodType<VisitStanding> = z.strictObject({
  stateName: z.string(),
  type: z.custom<StateType>((type) => typeof type === 'string' && stateTypes.includes(type)),
  input: savedJson,
  enteredAtMs: z.number(),
  enteredEventId: count,
  beforeEventId: count,
  retryCount: count,
  retries: z.array(z.tuple([count, count])),
  taskToken: z.string().nullable(),
  wake: savedAlarm.nullable(),
  task: savedTask.nullable(),
  lanes: z.strictObject({ startedEventId: count, lastEventId: count, atATime: count, jobs: z.array(savedJob) }).nullable(),
  left: z.strictObject({ output: savedJson, next: z.string().nullable() }).nullable(),
});
