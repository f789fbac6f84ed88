import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { Alarms } from '../asl/alarms';
import { Execution, savedExecution, type ExecutionObserver, type InterpreterDeps } from '../asl/execution';
import { Expressions } from '../asl/expressions';
import { parseJson } from '../asl/json';
import { lambdaIntegrations, type LambdaInvoker } from '../asl/lambda-integration';
import { TaskTokens, type WaitingTask } from '../asl/task-tokens';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { Trace } from '../kernel/trace';
import { describeExecution, statusChange, summary, withoutData, type ExecutionStatusChange } from './answers';
import { ExecutionStore, type StoredExecution } from './execution-store';
import { requireExecutionArn, requireName } from './names';
import { pageOf } from './paging';
import { RedriveTokens, savedRedriveTokens, whyNotRedrivable } from './redrive';
import { requestOf, type OperationName, type Request } from './requests';
import { configurationOf, savedStateMachines, StateMachines } from './state-machines';
import { validate } from './validation';

export interface StepFunctionsDeps {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly accountId: string;
  readonly region: string;
  /** Uniform in [0, 1): jitter of retries and `$random`. */
  readonly random: () => number;
  /** Task tokens, names of executions that were started without one, `$uuid`. */
  readonly newId: () => string;
  readonly lambda: LambdaInvoker;
  /** Called at every change of an execution's status. */
  readonly onEvent: (event: ExecutionStatusChange) => void;
}

/** Everything of the service that outlives a run. */
const savedService = z.strictObject({
  machines: savedStateMachines,
  /** In the order of their starts, each with the position of its machine's revision. */
  executions: z.array(z.strictObject({ execution: savedExecution, revision: z.int() })),
  endedArns: z.array(z.string()),
  /** Each with its state machine. */
  closedTokens: z.array(z.tuple([z.string(), z.string()])),
  redriveTokens: savedRedriveTokens,
});

/** An execution that has not ended. */
export interface RunningExecution {
  readonly name: string;
  /** The state that was entered last; none before the first. */
  readonly state: string | null;
  /** When that was, ms since the epoch. */
  readonly sinceMs: number;
}

/** AWS Step Functions: Standard workflows in JSONata, on the virtual timeline. */
export class StepFunctionsService implements Service, Stateful {
  private readonly machines: StateMachines;
  private readonly executions: ExecutionStore;
  private readonly tokens = new TaskTokens();
  private readonly redriveTokens: RedriveTokens;
  private readonly interpreter: InterpreterDeps;
  private readonly observer: ExecutionObserver;

  private readonly handlers = new Map([
    handler('CreateStateMachine', (request) => this.machines.create(request)),
    handler('UpdateStateMachine', (request) => this.machines.update(request)),
    handler('DeleteStateMachine', ({ stateMachineArn }) => this.deleteStateMachine(stateMachineArn)),
    handler('DescribeStateMachine', ({ stateMachineArn }) => this.machines.describe(stateMachineArn)),
    handler('DescribeStateMachineForExecution', ({ executionArn }) => this.describeStateMachineForExecution(executionArn)),
    handler('ListStateMachines', (page) => this.machines.list(page)),
    handler('ValidateStateMachineDefinition', ({ definition, maxResults }) => validate(() => this.machines.parse(definition), maxResults)),
    handler('ListTagsForResource', ({ resourceArn }) => this.machines.tagsOf(resourceArn)),
    handler('TagResource', (request) => this.machines.tag(request)),
    handler('UntagResource', (request) => this.machines.untag(request)),
    handler('StartExecution', (request) => this.startExecution(request)),
    handler('RedriveExecution', (request) => this.redriveExecution(request)),
    handler('DescribeExecution', ({ executionArn }) => this.describeExecution(executionArn)),
    handler('ListExecutions', (request) => this.listExecutions(request)),
    handler('GetExecutionHistory', (request) => this.getExecutionHistory(request)),
    handler('StopExecution', (request) => this.stopExecution(request)),
    handler('SendTaskSuccess', (request) => this.sendTaskSuccess(request)),
    handler('SendTaskFailure', ({ taskToken, error, cause }) => this.answer(taskToken, (task) => task.fail(error, cause))),
    handler('SendTaskHeartbeat', ({ taskToken }) => this.answer(taskToken, (task) => task.heartbeat())),
  ]);

  constructor(private readonly deps: StepFunctionsDeps) {
    const { timeline, random, newId, region, accountId } = deps;
    const integrations = lambdaIntegrations(deps.lambda, deps);
    this.machines = new StateMachines({ clock: timeline, region, accountId, newId, integrations });
    this.executions = new ExecutionStore(timeline);
    this.redriveTokens = new RedriveTokens(timeline);
    const expressions = new Expressions({ timeline, random, newId });
    this.interpreter = { timeline, alarms: new Alarms(timeline), random, newId, region, expressions, integrations, tokens: this.tokens };
    this.observer = this.executionObserver();
  }

  call(operation: string, input: unknown): Json {
    const handle = this.handlers.get(operation);
    if (handle === undefined) throw notModelled(`the operation ${operation} of Step Functions`);
    return handle(input);
  }

  /** The state machine that gave out a task token; `undefined` for a token that is not known. */
  stateMachineOfToken(taskToken: string): string | undefined {
    return this.tokens.machineOf(taskToken);
  }

  /** The executions that run, each with the definition that it runs by. */
  definitionsOfRunning(): readonly { readonly executionArn: string; readonly definition: string }[] {
    return this.executions.all().flatMap(({ execution, machine }) => (execution.status === 'RUNNING' ? [{ executionArn: execution.arn, definition: machine.definitionText }] : []));
  }

  /** @throws {Error} naming an execution in which something is under way */
  save(): Json {
    const executions = this.executions.all();
    const { saved: machines, positionOf } = this.machines.save(executions.map(({ machine }) => machine));
    return {
      machines,
      executions: executions.map(({ execution, machine }) => ({ execution: execution.save(), revision: positionOf.get(machine) ?? -1 })),
      endedArns: this.executions.endedArns(),
      closedTokens: this.tokens.closed().map(([token, machineArn]) => [token, machineArn]),
      redriveTokens: this.redriveTokens.save(),
    };
  }

  load(saved: Json): void {
    const { machines, executions, endedArns, closedTokens, redriveTokens } = savedService.parse(saved);
    const revisions = this.machines.load(machines);
    for (const [token, machineArn] of closedTokens) this.tokens.close(token, machineArn);
    this.redriveTokens.load(redriveTokens);
    this.interpreter.alarms.inOrder(() => {
      for (const { execution: standing, revision } of executions) {
        const machine = revisions[revision];
        if (machine === undefined) throw new Error(`${standing.arn} has no state machine`);
        const execution = new Execution(this.interpreter, { ...standing, machine }, this.observer, standing);
        this.executions.add({ execution, machine });
        execution.resume();
      }
    });
    for (const arn of endedArns) this.executions.retire(this.stored(arn).execution);
  }

  /** Executions that have not ended, in the order of their starts. */
  running(): readonly RunningExecution[] {
    return this.executions.all().flatMap(({ execution }) => (execution.status === 'RUNNING' ? [whereaboutsOf(execution)] : []));
  }

  /** Its executions end at their next transition; it is gone, and they with it, when none runs any more. */
  private deleteStateMachine(arn: string): Json {
    if (this.machines.markDeleting(arn)) this.removeIfIdle(arn);
    return {};
  }

  private removeIfIdle(machineArn: string): void {
    if (!this.machines.isDeleting(machineArn)) return;
    if (this.executions.list(machineArn).some(({ status }) => status === 'RUNNING')) return;
    this.machines.remove(machineArn);
    this.executions.forget(machineArn);
  }

  private describeStateMachineForExecution(executionArn: string): Json {
    const { machine } = this.stored(executionArn);
    return { stateMachineArn: machine.arn, name: machine.name, updateDate: machine.updatedAtMs / 1000, ...configurationOf(machine) };
  }

  private startExecution(request: Request<'StartExecution'>): Json {
    const machine = this.machines.forNewExecution(request.stateMachineArn);
    const name = request.name ?? this.deps.newId();
    const input = request.input ?? '{}';
    requireName(name);
    requireJson(input);
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const existing = this.executions.find(arn)?.execution;
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.inputText === input) return started(existing);
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const execution = new Execution(this.interpreter, { arn, name, input, machine }, this.observer);
    this.executions.add({ execution, machine });
    this.deps.trace.emit({ type: 'states.execution-started', actor: machine.arn, execution: name, input: execution.input });
    execution.start();
    this.tellStatus(execution);
    return started(execution);
  }

  private redriveExecution({ executionArn, clientToken }: Request<'RedriveExecution'>): Json {
    const { execution } = this.stored(executionArn);
    const before = clientToken === undefined ? undefined : this.redriveTokens.redrivenAtMs(executionArn, clientToken);
    if (before !== undefined) return { redriveDate: before / 1000 };
    const reason = this.whyNotRedrivable(execution);
    if (reason !== undefined) throw new AwsError('ExecutionNotRedrivable', reason);
    this.executions.revive(execution);
    execution.redrive();
    if (clientToken !== undefined) this.redriveTokens.remember(executionArn, clientToken);
    const { machineArn, name, redriveCount } = execution;
    this.deps.trace.emit({ type: 'states.execution-redriven', actor: machineArn, execution: name, redriveCount });
    this.tellStatus(execution);
    return { redriveDate: this.deps.timeline.nowMs() / 1000 };
  }

  private describeExecution(executionArn: string): Json {
    const { execution } = this.stored(executionArn);
    return describeExecution(execution, this.whyNotRedrivable(execution));
  }

  private listExecutions({ stateMachineArn, statusFilter, redriveFilter, ...page }: Request<'ListExecutions'>): Json {
    // Both are for the child executions of a distributed Map only.
    if (redriveFilter !== undefined) throw new AwsError('ValidationException', 'redriveFilter needs a mapRunArn, not a stateMachineArn');
    if (statusFilter === 'PENDING_REDRIVE') throw new AwsError('ValidationException', 'The statusFilter PENDING_REDRIVE needs a mapRunArn, not a stateMachineArn');
    const all = this.executions.list(this.machines.get(stateMachineArn).arn);
    const matches = (execution: Execution): boolean => statusFilter === undefined || execution.status === statusFilter;
    const { page: executions, nextToken } = pageOf(all, (execution) => execution.arn, page, matches);
    return { executions: executions.map(summary), ...(nextToken === undefined ? {} : { nextToken }) };
  }

  private getExecutionHistory({ executionArn, reverseOrder, includeExecutionData, ...page }: Request<'GetExecutionHistory'>): Json {
    const inOrder = this.stored(executionArn).execution.history.events();
    const { page: events, nextToken } = pageOf(reverseOrder === true ? inOrder.toReversed() : inOrder, (event) => String(event.id), page);
    return {
      events: includeExecutionData === false ? events.map(withoutData) : events,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  private stopExecution({ executionArn, error, cause }: Request<'StopExecution'>): Json {
    const { execution } = this.stored(executionArn);
    execution.stop(error, cause);
    return { stopDate: (execution.endedAtMs ?? this.deps.timeline.nowMs()) / 1000 };
  }

  private sendTaskSuccess({ taskToken, output }: Request<'SendTaskSuccess'>): Json {
    let value: Json;
    try {
      value = parseJson(output);
    } catch (error) {
      throw new AwsError('InvalidOutput', `Invalid Output: '${error instanceof Error ? error.message : 'not JSON'}'`);
    }
    return this.answer(taskToken, (task) => task.succeed(value));
  }

  /** @throws {AwsError} InvalidToken for a token never given out; TaskTimedOut for one whose task is over */
  private answer(taskToken: string, say: (task: WaitingTask) => void): Json {
    const task = this.tokens.find(taskToken);
    if (task === 'unknown') throw new AwsError('InvalidToken', `Invalid Token: 'Invalid token'`);
    if (task === 'closed') throw new AwsError('TaskTimedOut', `Task Timed Out: 'Provided task does not exist anymore'`);
    say(task);
    return {};
  }

  private stored(arn: string): StoredExecution {
    requireExecutionArn(arn);
    const stored = this.executions.find(arn);
    if (stored === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return stored;
  }

  private whyNotRedrivable(execution: Execution): string | undefined {
    return whyNotRedrivable(execution, this.deps.timeline.nowMs(), this.machines.isDeleting(execution.machineArn));
  }

  private tellStatus(execution: Execution): void {
    this.deps.onEvent(statusChange(execution, this.whyNotRedrivable(execution)));
  }

  /** Everything that executions do becomes an event of the trace, told by their state machine. */
  private executionObserver(): ExecutionObserver {
    const { trace } = this.deps;
    const by = (execution: Execution): { actor: string; execution: string } => ({ actor: execution.machineArn, execution: execution.name });
    return {
      stateEntered: (execution, state) => trace.emit({ type: 'states.state-entered', ...by(execution), state }),
      stateExited: (execution, state, next) => {
        trace.emit({ type: 'states.state-exited', ...by(execution), state, next });
        if (next !== null && this.machines.isDeleting(execution.machineArn)) execution.stop();
      },
      stateRetried: (execution, state, error, delaySeconds) => trace.emit({ type: 'states.task-retried', ...by(execution), state, error, delaySeconds }),
      ended: (execution) => {
        this.executions.retire(execution);
        trace.emit({
          type: 'states.execution-ended',
          ...by(execution),
          status: execution.status,
          output: execution.output,
          ...(execution.error === undefined ? {} : { error: execution.error }),
          ...(execution.cause === undefined ? {} : { cause: execution.cause }),
        });
        this.tellStatus(execution);
        this.removeIfIdle(execution.machineArn);
      },
    };
  }
}

function handler<Operation extends OperationName>(operation: Operation, handle: (request: Request<Operation>) => Json): [string, (input: unknown) => Json] {
  return [operation, (input) => handle(requestOf(operation, input))];
}

function whereaboutsOf({ name, startedAtMs, history }: Execution): RunningExecution {
  const entered = history.events().findLast((event) => event['stateEnteredEventDetails'] !== undefined);
  if (entered === undefined) return { name, state: null, sinceMs: startedAtMs };
  const { name: state } = entered['stateEnteredEventDetails'] as { readonly name: string };
  return { name, state, sinceMs: Math.round(entered.timestamp * 1000) };
}

function started(execution: Execution): Json {
  return { executionArn: execution.arn, startDate: execution.startedAtMs / 1000 };
}

/** @throws {AwsError} InvalidExecutionInput */
function requireJson(input: string): void {
  try {
    parseJson(input);
  } catch (error) {
    const reason = input === '' || !(error instanceof Error) ? 'Invalid execution input.' : error.message;
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
  }
}
