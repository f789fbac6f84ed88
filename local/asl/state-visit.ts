import type { Json } from '../../lambdas/domain/trace';
import type { StateType } from './definition';
import { dataLimitExceeded, StateFailure, STATES_ERRORS } from './failure';
import { EvaluationError, isExpression, sourceOf, type Bindings } from './expressions';
import { payload } from './history';
import { typeOf } from './json';
import type { Lane } from './lane';
import { MAX_PAYLOAD_BYTES } from './limits';

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

/** One visit of one state, its retries included: what was true when it was entered stays true until it is left. */
export class StateVisit {
  readonly enteredEventId: number;
  /** The event before the state was entered. */
  readonly beforeEventId: number;
  /** Retries so far: `$states.context.State.RetryCount`. */
  retryCount = 0;
  /** The token of a callback task's current attempt: `$states.context.Task.Token`. */
  taskToken: string | undefined;

  private readonly enteredAtMs: number;
  private readonly variables: Readonly<Record<string, Json>>;

  constructor(
    readonly lane: Lane,
    readonly stateName: string,
    readonly type: StateType,
    readonly input: Json,
    inputText: string,
  ) {
    this.enteredAtMs = lane.execution.timeline.nowMs();
    this.variables = lane.variables();
    this.beforeEventId = lane.cursorId;
    this.enteredEventId = lane.record(`${type}StateEntered`, { stateEnteredEventDetails: { name: stateName, ...payload('input', inputText) } });
    lane.execution.observer.stateEntered?.(lane.execution, stateName);
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
    this.lane.assign(assigned);
    const names = Object.entries(assigned);
    const assignedVariables = {
      assignedVariables: Object.fromEntries(names.map(([name, value]) => [name, JSON.stringify(value)])),
      assignedVariablesDetails: { truncated: false },
    };
    const details = { name: this.stateName, ...payload('output', text), ...(names.length === 0 ? {} : assignedVariables) };
    this.lane.record(`${this.type}StateExited`, { stateExitedEventDetails: details }, previousEventId);
    this.transitionTo(next);
    return { output, next };
  }

  /** The state is tried again; AWS bills a transition for it. */
  retried(failure: StateFailure, delaySeconds: number): void {
    this.lane.requireOpen();
    this.retryCount++;
    this.lane.execution.observer.stateRetried?.(this.lane.execution, this.stateName, failure.error ?? '', delaySeconds);
    this.transitionTo(this.stateName);
  }

  /** The state ended with a failure that it did not handle. */
  failed(): void {
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

  /** @throws {StateFailure} States.DataLimitExceeded */
  private limited(value: Json): string {
    const text = JSON.stringify(value);
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) throw dataLimitExceeded(this.stateName);
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
