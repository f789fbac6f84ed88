import type { Json } from '../../lambdas/domain/trace';
import type { StatesBlock, StateType } from './definition';
import type { Execution } from './execution';
import { StateFailure } from './failure';
import type { EventDetails } from './history';
import { StateVisit } from './state-visit';
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
 * variables and where in the history it stands. Once closed it leaves no more traces: what it waits for is cancelled,
 * and code of it that is still under way ends with `LaneClosed`.
 */
export class Lane {
  private readonly children = new Set<Lane>();
  private readonly ownVariables = new Map<string, Json>();
  private cancelWait: (() => void) | undefined;
  private currentType: StateType | undefined;
  private isClosed = false;

  /** @param cursorId the event that the next one follows */
  constructor(
    readonly execution: Execution,
    private readonly parent: Lane | undefined,
    readonly mapItem: MapItem | undefined,
    public cursorId: number,
  ) {}

  /**
   * Runs states from `block.startAt` until one ends.
   * @param inputText how the first state's input reads in the history, where it was not written by us
   * @throws {StateFailure} that no state caught
   */
  async run(block: StatesBlock, input: Json, inputText: string = JSON.stringify(input)): Promise<Json> {
    let next: string | undefined = block.startAt;
    let value = input;
    let text: string | undefined = inputText;
    while (next !== undefined) {
      const state = block.states.get(next);
      if (state === undefined) throw new Error(`The definition has no state '${next}', although its references were checked`);
      this.currentType = state.Type;
      const visit: StateVisit = new StateVisit(this, next, state.Type, value, text ?? JSON.stringify(value));
      const transition = await this.visitState(visit, () => runState(visit, state));
      text = undefined;
      value = transition.output;
      next = transition.next;
    }
    this.currentType = undefined;
    return value;
  }

  branch(mapItem: MapItem | undefined, cursorId: number): Lane {
    const lane = new Lane(this.execution, this, mapItem ?? this.mapItem, cursorId);
    this.children.add(lane);
    return lane;
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

  assign(variables: Readonly<Record<string, Json>>): void {
    for (const [name, value] of Object.entries(variables)) this.ownVariables.set(name, value);
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

  sleep(ms: number, label: string): Promise<void> {
    return this.wait((resume) => this.execution.timeline.after(ms, label, () => resume()));
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
    const type = this.currentType;
    if (type !== undefined && ABORTABLE.includes(type)) this.note(`${type}StateAborted`, undefined, previousEventId);
    for (const child of this.children) child.abort(previousEventId);
    this.close();
  }

  /** After an unhandled failure in here: a Task that failed counts as aborted too. */
  abortFailed(): void {
    if (this.currentType === 'Task') this.note('TaskStateAborted');
    this.close();
  }

  private async visitState<T>(visit: StateVisit, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof StateFailure) visit.failed();
      throw error;
    }
  }

  private stopWaiting(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
  }
}
