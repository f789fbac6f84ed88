import type { Json } from '../../lambdas/domain/trace';
import type { State, StatesBlock, StateType } from './definition';
import type { Execution } from './execution';
import { StateFailure } from './failure';
import type { EventDetails } from './history';
import { byteLength } from './json';
import type { LaneStanding } from './standing';
import { StateVisit, type Transition } from './state-visit';
import { runState } from './states';

/** The iteration of a Map that a lane runs: `$states.context.Map.Item`. */
export interface MapItem {
  readonly Index: number;
  readonly Value: Json;
}

/** Unwinds the code of a lane that was closed while it was evaluating; nobody handles it. */
export class LaneClosed extends Error {}

/** Types that have an `…StateAborted` event. */
const ABORTABLE: readonly StateType[] = ['Task', 'Wait', 'Map', 'Parallel'];

/**
 * One sequence of states: the execution's own, a branch of a Parallel, or an iteration of a Map. It knows its
 * variables, where in the history it stands, and which state it is in. Once closed it leaves no more traces: what it
 * waits for is cancelled, and code of it that is still under way ends with `LaneClosed`.
 */
export class Lane {
  private readonly children = new Set<Lane>();
  private readonly ownVariables = new Map<string, Json>();
  private readonly variableBytes = new Map<string, number>();
  private cancelWait: (() => void) | undefined;
  /** The state that it is in or has just left; none before the first. */
  private visit: StateVisit | undefined;
  private isClosed = false;

  /** @param cursorId the event that the next one follows */
  constructor(
    readonly execution: Execution,
    private readonly parent: Lane | undefined,
    readonly mapItem: MapItem | undefined,
    public cursorId: number,
  ) {}

  /** A lane that stands where another one stood; `run` goes on from there. */
  static restore(execution: Execution, parent: Lane | undefined, mapItem: MapItem | undefined, standing: LaneStanding): Lane {
    const lane = new Lane(execution, parent, mapItem, standing.cursorId);
    lane.assign(standing.variables);
    if (standing.visit !== null) lane.visit = StateVisit.restore(lane, standing.visit);
    return lane;
  }

  standing(): LaneStanding {
    return { cursorId: this.cursorId, variables: Object.fromEntries(this.ownVariables), visit: this.visit?.standing() ?? null };
  }

  /** Whether it waits, with everything in it, for nothing but virtual time and answers to task tokens. */
  isAtRest(): boolean {
    return this.visit?.isAtRest() ?? false;
  }

  /**
   * Runs states until one ends: from the one that it was put back into, else from `block.startAt`.
   * @param inputText how the first state's input reads in the history, where it was not written by us
   * @throws {StateFailure} that no state caught
   */
  async run(block: StatesBlock, input: Json, inputText: string = JSON.stringify(input)): Promise<Json> {
    this.requireOpen();
    let visit = this.visit ?? this.enter(block, block.startAt, input, inputText);
    for (;;) {
      const { output, next } = visit.left ?? (await this.visitState(visit, stateOf(block, visit.stateName)));
      this.forgetBranches();
      if (next === undefined) {
        // Its variables are out of scope.
        this.variableBytes.clear();
        return output;
      }
      visit = this.enter(block, next, output, JSON.stringify(output));
    }
  }

  branch(mapItem: MapItem | undefined, cursorId: number): Lane {
    return this.adopt(new Lane(this.execution, this, mapItem ?? this.mapItem, cursorId));
  }

  /** The lanes of an attempt or of a state that is over. */
  forgetBranches(): void {
    this.children.clear();
  }

  restoreBranch(mapItem: MapItem | undefined, standing: LaneStanding): Lane {
    return this.adopt(Lane.restore(this.execution, this, mapItem ?? this.mapItem, standing));
  }

  /** Appends an event that follows `previousEventId` and is what the next one follows. */
  record(type: string, details?: EventDetails, previousEventId: number = this.cursorId): number {
    this.cursorId = this.note(type, details, previousEventId);
    return this.cursorId;
  }

  /** Appends an event that nothing follows. */
  note(type: string, details?: EventDetails, previousEventId: number = this.cursorId): number {
    this.requireOpen();
    return this.execution.history.append(type, previousEventId, details);
  }

  /** Variables of this lane and, where it has none of that name, of the lanes around it. */
  variables(): Record<string, Json> {
    return { ...this.parent?.variables(), ...Object.fromEntries(this.ownVariables) };
  }

  /** Bytes of all variables in here and in the lanes inside, if `changed` ones were assigned here. */
  storedBytes(changed: Readonly<Record<string, Json>> = {}): number {
    const bytes = new Map(this.variableBytes);
    for (const [name, value] of Object.entries(changed)) bytes.set(name, byteLength(value));
    return [...bytes.values(), ...[...this.children].map((child) => child.storedBytes())].reduce((sum, more) => sum + more, 0);
  }

  assign(variables: Readonly<Record<string, Json>>): void {
    for (const [name, value] of Object.entries(variables)) {
      this.ownVariables.set(name, value);
      this.variableBytes.set(name, byteLength(value));
    }
  }

  /**
   * Waits while virtual time goes on, until `arm`'s `resume` is called for the first time.
   * @param arm prepares what will resume, and returns its cancellation
   */
  wait<T>(arm: (resume: (value: T) => void) => () => void): Promise<T> {
    this.requireOpen();
    return new Promise((resolve) => {
      const waiting = { isOver: false };
      this.cancelWait = arm((value) => {
        if (waiting.isOver || this.isClosed) return;
        waiting.isOver = true;
        this.stopWaiting();
        resolve(value);
      });
      // `arm` may have resumed, or ended the execution, before its cancellation was known.
      if (waiting.isOver || this.isClosed) this.stopWaiting();
    });
  }

  /** @throws {LaneClosed} */
  requireOpen(): void {
    if (this.isClosed) throw new LaneClosed();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopWaiting();
    for (const child of this.children) child.close();
  }

  /** Writes down what a sibling's failure cuts off here, then closes. */
  abort(previousEventId: number): void {
    if (this.isClosed) return;
    const type = this.currentType();
    if (type !== undefined && ABORTABLE.includes(type)) this.note(`${type}StateAborted`, undefined, previousEventId);
    for (const child of this.children) child.abort(previousEventId);
    this.close();
  }

  /** After an unhandled failure in here: a Task that failed counts as aborted too. */
  abortFailed(): void {
    if (this.currentType() === 'Task') this.note('TaskStateAborted');
    this.close();
  }

  private enter(block: StatesBlock, name: string, input: Json, inputText: string): StateVisit {
    const visit = StateVisit.enter(this, name, stateOf(block, name).Type, input, inputText);
    this.visit = visit;
    return visit;
  }

  /** Of the state that it is in; none between states. */
  private currentType(): StateType | undefined {
    return this.visit?.left === undefined ? this.visit?.type : undefined;
  }

  private async visitState(visit: StateVisit, state: State): Promise<Transition> {
    try {
      return await runState(visit, state);
    } catch (error) {
      if (error instanceof StateFailure) visit.failed(error);
      throw error;
    }
  }

  private adopt(child: Lane): Lane {
    this.children.add(child);
    return child;
  }

  private stopWaiting(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
  }
}

function stateOf(block: StatesBlock, name: string): State {
  const state = block.states.get(name);
  if (state === undefined) throw new Error(`The definition has no state '${name}', although its references were checked`);
  return state;
}
