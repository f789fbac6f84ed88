import type { Json } from '../../lambdas/domain/trace';
import { Alarms } from '../asl/alarms';
import { Execution, type ExecutionObserver, type InterpreterDeps } from '../asl/execution';
import { Expressions } from '../asl/expressions';
import type { StateMachineDefinition } from '../asl/definition';
import type { TaskIntegrations } from '../asl/integrations';
import { lambdaIntegrations, type LambdaInvoker } from '../asl/lambda-integration';
import { parseJson } from '../asl/json';
import { parseDefinition } from '../asl/parse-definition';
import { requireResources } from '../asl/resources';
import { TaskTokens, type WaitingTask } from '../asl/task-tokens';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { describeExecution, statusChange, summary, withoutData, type ExecutionStatusChange } from './answers';
import { ExecutionStore } from './execution-store';
import { requireArn, requireName } from './names';
import { pageOf } from './paging';
import { requestOf, type OperationName, type Request } from './requests';

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

interface StateMachine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definitionText: string;
  readonly definition: StateMachineDefinition;
  readonly createdAtMs: number;
  readonly loggingConfiguration: Json;
  readonly tracingConfiguration: Json;
}

/** AWS Step Functions: Standard workflows in JSONata, on the virtual timeline. */
export class StepFunctionsService implements Service {
  private readonly machines = new Map<string, StateMachine>();
  private readonly executions: ExecutionStore;
  private readonly tokens = new TaskTokens();
  private readonly integrations: TaskIntegrations;
  private readonly interpreter: InterpreterDeps;
  private readonly observer: ExecutionObserver;

  private readonly handlers = new Map([
    handler('CreateStateMachine', (request) => this.createStateMachine(request)),
    handler('UpdateStateMachine', (request) => this.updateStateMachine(request)),
    handler('DescribeStateMachine', (request) => this.describeStateMachine(request)),
    handler('StartExecution', (request) => this.startExecution(request)),
    handler('DescribeExecution', ({ executionArn }) => describeExecution(this.execution(executionArn))),
    handler('ListExecutions', (request) => this.listExecutions(request)),
    handler('GetExecutionHistory', (request) => this.getExecutionHistory(request)),
    handler('StopExecution', (request) => this.stopExecution(request)),
    handler('SendTaskSuccess', (request) => this.sendTaskSuccess(request)),
    handler('SendTaskFailure', ({ taskToken, error, cause }) => this.answer(taskToken, (task) => task.fail(error, cause))),
    handler('SendTaskHeartbeat', ({ taskToken }) => this.answer(taskToken, (task) => task.heartbeat())),
  ]);

  constructor(private readonly deps: StepFunctionsDeps) {
    const { timeline, random, newId, region } = deps;
    this.executions = new ExecutionStore(timeline);
    this.integrations = lambdaIntegrations(deps.lambda, deps);
    const expressions = new Expressions({ timeline, random, newId });
    this.interpreter = { timeline, alarms: new Alarms(timeline), random, newId, region, expressions, integrations: this.integrations, tokens: this.tokens };
    this.observer = this.traceObserver();
  }

  call(operation: string, input: unknown): Json {
    const handle = this.handlers.get(operation);
    if (handle === undefined) throw notModelled(`the operation ${operation} of Step Functions`);
    return handle(input);
  }

  private createStateMachine(request: Request<'CreateStateMachine'>): Json {
    requireName(request.name);
    const { timeline, region, accountId } = this.deps;
    const arn = `arn:aws:states:${region}:${accountId}:stateMachine:${request.name}`;
    const existing = this.machines.get(arn);
    if (existing !== undefined) {
      // AWS compares neither role nor tags.
      if (existing.definitionText === request.definition) return created(existing);
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const definition = parseDefinition(request.definition);
    requireResources(definition, this.integrations);
    const machine: StateMachine = {
      arn,
      name: request.name,
      roleArn: request.roleArn,
      definitionText: request.definition,
      definition,
      createdAtMs: timeline.nowMs(),
      loggingConfiguration: request.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: request.tracingConfiguration ?? { enabled: false },
    };
    this.machines.set(arn, machine);
    return created(machine);
  }

  /** Running executions keep the definition that they started with. */
  private updateStateMachine({ stateMachineArn, definition: definitionText, roleArn }: Request<'UpdateStateMachine'>): Json {
    const machine = this.machine(stateMachineArn);
    const definition = definitionText === undefined ? machine.definition : parseDefinition(definitionText);
    requireResources(definition, this.integrations);
    this.machines.set(machine.arn, { ...machine, definition, definitionText: definitionText ?? machine.definitionText, roleArn: roleArn ?? machine.roleArn });
    return { updateDate: this.deps.timeline.nowMs() / 1000 };
  }

  private describeStateMachine({ stateMachineArn }: Request<'DescribeStateMachine'>): Json {
    const machine = this.machine(stateMachineArn);
    return {
      stateMachineArn: machine.arn,
      name: machine.name,
      status: 'ACTIVE',
      type: 'STANDARD',
      definition: machine.definitionText,
      roleArn: machine.roleArn,
      creationDate: machine.createdAtMs / 1000,
      loggingConfiguration: machine.loggingConfiguration,
      tracingConfiguration: machine.tracingConfiguration,
    };
  }

  private startExecution(request: Request<'StartExecution'>): Json {
    const machine = this.machine(request.stateMachineArn);
    const name = request.name ?? this.deps.newId();
    const input = request.input ?? '{}';
    requireName(name);
    requireJson(input);
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const existing = this.executions.find(arn);
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.inputText === input) return started(existing);
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const execution = new Execution(this.interpreter, { arn, name, input, machine }, this.observer);
    this.executions.add(execution);
    this.deps.trace.emit({ type: 'states.execution-started', actor: machine.arn, execution: name, input: execution.input });
    execution.start();
    this.deps.onEvent(statusChange(execution));
    return started(execution);
  }

  private listExecutions({ stateMachineArn, statusFilter, ...page }: Request<'ListExecutions'>): Json {
    const all = this.executions.list(this.machine(stateMachineArn).arn);
    const matches = (execution: Execution): boolean => statusFilter === undefined || execution.status === statusFilter;
    const { page: executions, nextToken } = pageOf(all, (execution) => execution.arn, page, matches);
    return { executions: executions.map(summary), ...(nextToken === undefined ? {} : { nextToken }) };
  }

  private getExecutionHistory({ executionArn, reverseOrder, includeExecutionData, ...page }: Request<'GetExecutionHistory'>): Json {
    const inOrder = this.execution(executionArn).history.events();
    const { page: events, nextToken } = pageOf(reverseOrder === true ? inOrder.toReversed() : inOrder, (event) => String(event.id), page);
    return {
      events: includeExecutionData === false ? events.map(withoutData) : events,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  private stopExecution({ executionArn, error, cause }: Request<'StopExecution'>): Json {
    const execution = this.execution(executionArn);
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

  private machine(arn: string): StateMachine {
    requireArn(arn);
    const machine = this.machines.get(arn);
    if (machine === undefined) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return machine;
  }

  private execution(arn: string): Execution {
    requireArn(arn);
    const execution = this.executions.find(arn);
    if (execution === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  }

  /** Everything that executions do becomes an event of the trace, told by their state machine. */
  private traceObserver(): ExecutionObserver {
    const { trace } = this.deps;
    const by = (execution: Execution): { actor: string; execution: string } => ({ actor: execution.machineArn, execution: execution.name });
    return {
      stateEntered: (execution, state) => trace.emit({ type: 'states.state-entered', ...by(execution), state }),
      stateExited: (execution, state, next) => trace.emit({ type: 'states.state-exited', ...by(execution), state, next }),
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
        this.deps.onEvent(statusChange(execution));
      },
    };
  }
}

function handler<Operation extends OperationName>(operation: Operation, handle: (request: Request<Operation>) => Json): [string, (input: unknown) => Json] {
  return [operation, (input) => handle(requestOf(operation, input))];
}

function created(machine: StateMachine): Json {
  return { stateMachineArn: machine.arn, creationDate: machine.createdAtMs / 1000 };
}

function started(execution: Execution): Json {
  return { executionArn: execution.arn, startDate: execution.startedAtMs / 1000 };
}

/** @throws {AwsError} InvalidExecutionInput */
function requireJson(input: string): void {
  try {
    JSON.parse(input);
  } catch (error) {
    const reason = input === '' || !(error instanceof Error) ? 'Invalid execution input.' : error.message;
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
  }
}
