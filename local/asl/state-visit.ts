import type { Json } from '../../lambdas/domain/trace';
import { isTooDeep } from '../kernel/client-json';
import type { Alarm } from './alarms';
import type { StateType } from './definition';
import { dataLimitExceeded, nestedTooDeeply, StateFailure, STATES_ERRORS } from './failure';
import { EvaluationError, isExpression, sourceOf, type Bindings } from './expressions';
import { payload } from './history';
import { typeOf } from './json';
import type { Lane } from './lane';
import { MAX_PAYLOAD_BYTES, MAX_VARIABLES_BYTES } from './limits';
import type { TaskStanding, VisitStanding } from './standing';
import { LaneGroup } from './states/lanes';

/** Where a state went: its output, and the next state or, at an end, none. */
export interface Transition {
  readonly output: Json;
  readonly next: string | undefined;
}

/** Members of `$states` beside `input` and `context`. */
export interface StateResults {
  readonly result?: Json;
  readonly errorOutput?: Json;
}

interface DataFields {
  readonly Output?: Json | undefined;
  readonly Assign?: Readonly<Record<string, Json>> | undefined;
}

interface TypeOfName {
  array: readonly Json[];
  string: string;
  number: number;
  boolean: boolean;
}

/** An attempt of a task that was begun, as the visit remembers it. */
export interface TaskAttempt extends Omit<TaskStanding, 'hasReturned' | 'heartbeat'> {
  /** Whether the call has come back, so that only the answer to its token is missing. */
  hasReturned: boolean;
  /** Moved by every heartbeat. */
  heartbeat: Alarm | null;
}

type Entry = Pick<VisitStanding, 'stateName' | 'type' | 'input' | 'enteredAtMs' | 'enteredEventId' | 'beforeEventId'>;

/**
 * One visit of one state, its retries included: what was true when it was entered stays true until it is left. It
 * remembers how far it has come, so that it can be put back there.
 */
export class StateVisit {
  readonly stateName: string;
  readonly type: StateType;
  readonly input: Json;
  readonly enteredEventId: number;
  readonly beforeEventId: number;
  /** Retries so far: `$states.context.State.RetryCount`. */
  retryCount = 0;
  /** The token of a callback task's current attempt: `$states.context.Task.Token`. */
  taskToken: string | undefined;
  /** The attempt of a task that is under way. */
  task: TaskAttempt | undefined;
  /** The branches or iterations of the current attempt. */
  lanes: LaneGroup | undefined;

  private readonly enteredAtMs: number;
  private readonly variables: Readonly<Record<string, Json>>;
  /** By the position of the retrier. */
  private readonly retries = new Map<number, number>();
  private wake: Alarm | undefined;
  private transition: Transition | undefined;

  private constructor(
    readonly lane: Lane,
    entry: Entry,
  ) {
    this.stateName = entry.stateName;
    this.type = entry.type;
    this.input = entry.input;
    this.enteredAtMs = entry.enteredAtMs;
    this.enteredEventId = entry.enteredEventId;
    this.beforeEventId = entry.beforeEventId;
    // Nothing is assigned between the entry and the exit: these are still those of the entry.
    this.variables = lane.variables();
  }

  static enter(lane: Lane, stateName: string, type: StateType, input: Json, inputText: string): StateVisit {
    const { execution } = lane;
    const beforeEventId = lane.cursorId;
    const enteredEventId = lane.record(`${type}StateEntered`, { stateEnteredEventDetails: { name: stateName, ...payload('input', inputText) } });
    const visit = new StateVisit(lane, { stateName, type, input, enteredAtMs: execution.timeline.nowMs(), enteredEventId, beforeEventId });
    execution.observer.stateEntered?.(execution, stateName);
    return visit;
  }

  static restore(lane: Lane, standing: VisitStanding): StateVisit {
    const visit = new StateVisit(lane, standing);
    visit.retryCount = standing.retryCount;
    for (const [retrier, retries] of standing.retries) visit.retries.set(retrier, retries);
    visit.taskToken = standing.taskToken ?? undefined;
    visit.wake = standing.wake ?? undefined;
    visit.task = standing.task === null ? undefined : { ...standing.task };
    visit.lanes = standing.lanes === null ? undefined : LaneGroup.restore(lane, standing.lanes);
    visit.transition = standing.left === null ? undefined : { output: standing.left.output, next: standing.left.next ?? undefined };
    return visit;
  }

  standing(): VisitStanding {
    const { stateName, type, input, enteredAtMs, enteredEventId, beforeEventId, retryCount, transition } = this;
    return {
      ...{ stateName, type, input, enteredAtMs, enteredEventId, beforeEventId, retryCount },
      retries: [...this.retries],
      taskToken: this.taskToken ?? null,
      wake: this.wake ?? null,
      task: this.task === undefined ? null : { ...this.task },
      lanes: this.lanes?.standing() ?? null,
      left: transition === undefined ? null : { output: transition.output, next: transition.next ?? null },
    };
  }

  isAtRest(): boolean {
    return this.isAsleep || (this.task?.hasReturned ?? this.lanes?.isAtRest() ?? false);
  }

  /** Where it went, once it has left the state. */
  get left(): Transition | undefined {
    return this.transition;
  }

  /** Whether `sleep` has something to wait for. */
  get isAsleep(): boolean {
    return this.wake !== undefined;
  }

  /** Fixes the time until which `sleep` waits. */
  sleepFor(ms: number): void {
    this.wake = this.lane.execution.alarms.in(ms);
  }

  /** Waits for the time that was fixed. */
  sleep(label: string): Promise<void> {
    const { wake } = this;
    if (wake === undefined) return Promise.resolve();
    return this.lane.wait((resume) =>
      this.lane.execution.alarms.set(wake, `${label} ${this.stateName}`, () => {
        this.wake = undefined;
        resume();
      }),
    );
  }

  /**
   * Evaluates a field against the values at the entry of the state.
   * @param extra members of the context object beside the usual
   * @throws {StateFailure} States.QueryEvaluationError, after writing EvaluationFailed
   */
  async evaluate(field: string, template: Json, results: StateResults = {}, extra: Readonly<Record<string, Json>> = {}): Promise<Json> {
    const states = { input: this.input, context: { ...this.context(), ...extra }, ...results };
    const bindings: Bindings = { ...this.variables, states };
    try {
      return await this.lane.execution.expressions.evaluate(template, bindings, field);
    } catch (error) {
      throw error instanceof EvaluationError ? this.evaluationFailed(error) : error;
    }
  }

  /** Evaluates a field that must be of one type. @throws {StateFailure} States.QueryEvaluationError */
  async evaluateAs<Name extends keyof TypeOfName>(expected: Name, field: string, template: Json): Promise<TypeOfName[Name]> {
    const value = await this.evaluate(field, template);
    if (isOfType(value, expected)) return value;
    const source = isExpression(template) ? sourceOf(template) : JSON.stringify(template);
    throw this.evaluationFailed(
      new EvaluationError(
        `The JSONata expression '${source}' specified for the field '${field}' returned an unexpected result type. ` +
          `Expected '${expected}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`,
        field,
      ),
    );
  }

  /** Writes EvaluationFailed and words it as the failure of this state. */
  evaluationFailed(error: EvaluationError): StateFailure {
    const failure = this.failure(STATES_ERRORS.queryEvaluation, error.message);
    // A Map's own fields are evaluated before the state counts as begun: AWS ties their failure to what came before it.
    const isBeforeMap = this.type === 'Map' && this.lane.cursorId === this.enteredEventId;
    const details = { ...failure.details(), state: this.stateName, ...(error.location === undefined ? {} : { location: error.location }) };
    this.lane.record('EvaluationFailed', { evaluationFailedEventDetails: details }, isBeforeMap ? this.beforeEventId : this.lane.cursorId);
    return failure;
  }

  /** A failure with the preamble that AWS gives to the causes it writes itself. */
  failure(error: string, what: string): StateFailure {
    return new StateFailure(error, `An error occurred while executing the state '${this.stateName}' (entered at the event id #${this.enteredEventId}). ${what}`);
  }

  /**
   * Leaves the state: evaluates `Output` and `Assign` side by side, then commits both.
   * @param at prefix of the fields' location, for a rule or catcher
   * @param previousEventId where the exit follows something else than the lane's last event
   * @throws {StateFailure} States.QueryEvaluationError, States.DataLimitExceeded
   */
  async leave(
    fields: DataFields,
    { results = {}, output: defaultOutput, next, at = '', previousEventId }: LeaveOptions,
  ): Promise<Transition> {
    const output = fields.Output === undefined ? defaultOutput : await this.evaluate(`${at}Output`, fields.Output, results);
    const assigned = await this.evaluateAssign(fields.Assign ?? {}, results, at);
    const text = this.limited(output);
    const names = Object.entries(assigned);
    if (names.length > 0) this.assign(assigned);
    const assignedVariables = {
      assignedVariables: Object.fromEntries(names.map(([name, value]) => [name, JSON.stringify(value)])),
      assignedVariablesDetails: { truncated: false },
    };
    const details = { name: this.stateName, ...payload('output', text), ...(names.length === 0 ? {} : assignedVariables) };
    this.lane.record(`${this.type}StateExited`, { stateExitedEventDetails: details }, previousEventId);
    this.transition = { output, next };
    this.lanes = undefined;
    this.transitionTo(next);
    return this.transition;
  }

  /** Retries so far that the retrier at this position has allowed. */
  retriesBy(retrier: number): number {
    return this.retries.get(retrier) ?? 0;
  }

  /**
   * The state is tried again after a delay, which is still to be slept; AWS bills a transition for it.
   * @param retrier the position of the retrier that allows it
   */
  retried(failure: StateFailure, retrier: number, delaySeconds: number): void {
    this.lane.requireOpen();
    this.retries.set(retrier, this.retriesBy(retrier) + 1);
    this.retryCount++;
    this.lanes = undefined;
    this.lane.forgetBranches();
    this.sleepFor(delaySeconds * 1000);
    this.lane.execution.observer.stateRetried?.(this.lane.execution, this.stateName, failure.error ?? '', delaySeconds);
    this.transitionTo(this.stateName);
  }

  /** The state ended with a failure that it did not handle. */
  failed({ error }: StateFailure): void {
    // Too much data came together from all lanes: a redrive runs all of them again.
    if (error === STATES_ERRORS.dataLimitExceeded) this.lanes = undefined;
    this.transitionTo(undefined);
  }

  private transitionTo(next: string | undefined): void {
    this.lane.requireOpen();
    this.lane.execution.observer.stateExited?.(this.lane.execution, this.stateName, next ?? null);
  }

  private async evaluateAssign(assign: Readonly<Record<string, Json>>, results: StateResults, at: string): Promise<Record<string, Json>> {
    const assigned: [string, Json][] = [];
    for (const [name, template] of Object.entries(assign)) assigned.push([name, await this.evaluate(`${at}Assign/${name}`, template, results)]);
    const variables = Object.fromEntries(assigned);
    this.limited(variables);
    return variables;
  }

  /** @throws {StateFailure} States.DataLimitExceeded when all variables of the execution would become too large together */
  private assign(variables: Readonly<Record<string, Json>>): void {
    const elsewhere = this.lane.execution.storedBytes() - this.lane.storedBytes();
    if (elsewhere + this.lane.storedBytes(variables) > MAX_VARIABLES_BYTES) throw dataLimitExceeded(this.stateName);
    this.lane.assign(variables);
  }

  /** @throws {StateFailure} States.DataLimitExceeded, States.Runtime */
  private limited(value: Json): string {
    const text = JSON.stringify(value);
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) throw dataLimitExceeded(this.stateName);
    if (isTooDeep(text)) throw nestedTooDeeply(this.stateName);
    return text;
  }

  /** The context object, `$states.context`. @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
  private context(): Record<string, Json> {
    const { mapItem } = this.lane;
    return {
      ...this.lane.execution.context(),
      State: { EnteredTime: new Date(this.enteredAtMs).toISOString(), Name: this.stateName, RetryCount: this.retryCount },
      ...(this.taskToken === undefined ? {} : { Task: { Token: this.taskToken } }),
      ...(mapItem === undefined ? {} : { Map: { Item: { Index: mapItem.Index, Value: mapItem.Value } } }),
    };
  }
}

interface LeaveOptions {
  readonly results?: StateResults;
  /** The output without an `Output` field. */
  readonly output: Json;
  readonly next: string | undefined;
  readonly at?: string;
  readonly previousEventId?: number | undefined;
}

function isOfType<Name extends keyof TypeOfName>(value: Json, expected: Name): value is Json & TypeOfName[Name] {
  return typeOf(value) === expected;
}
