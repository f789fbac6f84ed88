import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type HttpHandler, HttpRequest } from '@smithy/protocol-http';
import type { FunctionName } from '../../lambdas/contract/functions';
import { FUNCTIONS, functionsOf, type MachineName } from '../../lambdas/contract/functions';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { DUE_INDEX, ENV, FAILED_USES } from '../../lambdas/contract/names';
import { FUNCTION_TIMEOUT_SECONDS, REQUEST_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import { instantOf } from '../../lambdas/domain/instant';
import type { Json } from '../../lambdas/domain/trace';
import { Composition } from '../../lambdas/runtime/composition';
import type { Handler } from '../../lambdas/runtime/on-lambda';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import { registerKeys } from '../../lambdas/tasks/register-keys';
import type { LambdaInvoker, LambdaResult } from '../asl/lambda-integration';
import { DynamoDbService } from '../dynamodb/dynamodb-service';
import { EventBridgeService, type BusEvent } from '../eventbridge/eventbridge-service';
import { CloudTrail, usualDelay } from '../cloudtrail/cloudtrail';
import { IdentityDirectory } from '../iam/identities';
import { AwsError } from '../kernel/aws-error';
import { type Activity, Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import { Trace } from '../kernel/trace';
import { KmsService } from '../kms/kms-service';
import type { KmsOptions } from '../kms/options';
import { ASYNC_RETRY_DELAYS_SECONDS } from '../lambda/function';
import { LambdaService } from '../lambda/lambda-service';
import { StepFunctionsService } from '../sfn/service';
import { SnsService } from '../sns/sns-service';
import { SqsService } from '../sqs/sqs-service';
import { TaggingService } from '../tagging/tagging-service';
import { createCall, createDispatch, type DispatchOptions } from '../wire/dispatch';
import { type Interceptor, LostAnswer, type ServiceCall } from '../wire/message';
import { inProcessHandler } from '../wire/transport';
import { type DirectClients, directClients } from './direct-clients';
import { HANDLERS } from './handlers';
import { seeded } from './random';

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const TABLE = 'keyturn-registry';
export const REGISTRY_ID = `${ACCOUNT}:${REGION}:keyturn`;
export const STATE_MACHINE_ARN = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:key-rotation`;
export const REPAIR_MACHINE_ARN = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:key-repair`;
export const RESCUE_FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:rescue-version`;
export const TOPIC_ARN = `arn:aws:sns:${REGION}:${ACCOUNT}:keyturn-alerts`;
const ROLE_PATH = '/keyturn/keyturn/';

/** What stands in the place of parts of keyturn: a planted bug, to see that it is found. Nothing of keyturn knows of it. */
export interface Replacements {
  /** Changes the text of a definition, before the functions' ARNs are put in. */
  readonly definition?: (machine: MachineName, text: string) => string;
  /** Changes the adapters that a function is made of. */
  readonly composition?: (composition: Composition, name: FunctionName) => Composition;
  /** Changes what a function makes of an event. */
  readonly handler?: (name: FunctionName, handler: Handler) => Handler;
}

export interface WorldOptions {
  /** @default keyturn as it is */
  readonly replacements?: Replacements;
  /** @default 2026-01-01T00:00:00Z */
  readonly startMs?: number;
  /** Jitter, order of ids. @default a small generator with a fixed seed */
  readonly random?: () => number;
  /** How long after a KMS call CloudTrail tells of it, in ms. @default one to five minutes, by `random` */
  readonly cloudTrailDelayMs?: () => number;
  readonly kms?: Partial<Pick<KmsOptions, 'visibilityDelayMs' | 'requestQuotas' | 'cryptography'>>;
  /**
   * What is between the functions and the services: all that the SDK's clients do, or a short cut that is the same to both and several times as fast.
   * @default 'sdk'
   */
  readonly wire?: 'sdk' | 'direct';
}

/**
 * Clients are shared by the invocations of a function, as in a warm environment: what a call belongs to travels with it. One for all worlds:
 * Node asks every such storage that a process has ever used at every promise, so that one per world made each world slower than the last.
 */
const runningInvocation = new AsyncLocalStorage<string>();

/** A job that is not a function, such as a cron script: its role, and the pool that it runs in. */
export type JobName = `${string}@${string}`;

/** What happens to one call of one invocation. `die` ends the invocation: nothing of it runs on; `die-during` leaves the call under way. */
export type Fault = 'none' | 'die-before' | 'die-during' | 'die-after' | 'lose-answer' | AwsError;

/** How long a call is under way: to its effect, and from there to its caller. Virtual ms. */
export interface Legs {
  /** The process stands still for so long before it sends. @default 0 */
  readonly pauseMs?: number;
  readonly requestMs: number;
  readonly answerMs: number;
}

/** One SDK call as a fault plan sees it. */
export interface FaultPoint {
  /** A job is the same one in every pool, written `<role>@*`: which pool comes first is chance. */
  readonly function: FunctionName | JobName;
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  /** Position among all calls of functions in this world, from 0. */
  readonly index: number;
}

/**
 * The whole product in one process, without sockets: the definition, the handlers from source, the adapters with their real SDK
 * clients, the emulated services, one virtual timeline, one trace. What happens is a function of the options and the faults.
 */
export class World {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly kms: KmsService;
  readonly dynamodb: DynamoDbService;
  readonly states: StepFunctionsService;
  readonly bus: EventBridgeService;
  readonly sns: SnsService;
  readonly random: () => number;
  /** Decides what happens to each call of a function. */
  fault: (point: FaultPoint) => Fault = () => 'none';
  /** Stands between every client, functions and others, and the services. */
  interceptAll: Interceptor = (_call, next) => next();
  /** How long each call of a function is under way. One that takes longer than a client waits has its effect all the same. @default no time */
  latency: ((point: FaultPoint) => Legs | undefined) | undefined;
  /** Stands between whoever invokes a function and the function. */
  interceptInvocation: (name: FunctionName, event: unknown, next: () => Promise<LambdaResult>) => Promise<LambdaResult> = (_name, _event, next) => next();
  /** Every call of a function, in order. */
  readonly calls: FaultPoint[] = [];

  private readonly identities = new IdentityDirectory();
  private readonly transport: HttpHandler;
  private readonly directClients: DirectClients | undefined;
  private readonly running = new Map<string, Invocation>();
  private invocations = 0;
  private readonly handlers = new Map<FunctionName, Handler>();

  constructor(private readonly options: WorldOptions = {}) {
    this.timeline = new Timeline(options.startMs ?? Date.UTC(2026, 0, 1));
    this.trace = new Trace(this.timeline);
    this.random = options.random ?? seeded(1);
    const newId = uuids();
    // Of their own: how many requests there are before an id is made differs between the two ways to the services.
    const newRequestId = uuids('10000000');
    const place = { region: REGION, accountId: ACCOUNT, timeline: this.timeline, trace: this.trace };
    const onEvent = (event: { source: string; detailType: string; detail: Json; resources: readonly string[] }): void => {
      this.bus.put(event, { arn: event.source });
    };
    this.kms = new KmsService({ ...place, newId, onEvent, onCall: (call) => { cloudTrail.tell(call); }, ...options.kms });
    this.dynamodb = new DynamoDbService({ ...place, clock: this.timeline });
    const targets = { queue: () => undefined, function: () => undefined };
    this.sns = new SnsService({ ...place, clock: this.timeline, nextId: newId, targets });
    const queues = new SqsService({ ...place, clock: this.timeline, nextId: newId, endpoint: () => '' });
    this.bus = new EventBridgeService({ ...place, nextId: newId, queues, deliver: (target, event) => this.deliver(target, event) });
    const cloudTrail = new CloudTrail({ ...place, nextId: newId, bus: this.bus, issuerOf: (caller) => this.identities.identityOf(caller).principal.arn, delayMs: options.cloudTrailDelayMs ?? usualDelay(this.random) });
    this.states = new StepFunctionsService({ ...place, random: this.random, newId, lambda: this.lambda(), onEvent });
    const taggedKeys = () => this.kms.snapshot().keys.map(({ arn, tags }) => ({ arn, tags }));
    const lambda = new LambdaService({ ...place, nextId: newId, endpoint: () => '', credentialsFor: (arn, session) => this.identities.credentialsFor(arn, session) });
    const front: DispatchOptions = {
      services: { kms: this.kms, dynamodb: this.dynamodb, states: this.states, events: this.bus, sns: this.sns, tagging: new TaggingService(taggedKeys), lambda: this.withOwnFunctions(lambda) },
      credentials: this.identities,
      authorize: () => undefined,
      trace: this.trace,
      nextRequestId: newRequestId,
      intercept: (call, next) => this.interceptAll(call, () => this.intercept(call, next)),
    };
    this.transport = withTraceId(inProcessHandler(createDispatch(front)), () => runningInvocation.getStore());
    const call = createCall(front);
    if (options.wire === 'direct') this.directClients = directClients({ call: (direct) => inTurn(() => call(direct)), nextRequestId: newRequestId });
    this.deploy();
  }

  /** Registers policies as a deployment does, without its custom resource. */
  async register(policies: readonly KeyPolicy[]): Promise<void> {
    const composition = this.composition('register-keys');
    const register = registerKeys({ registry: composition.registry(), keys: composition.keys(), registryId: REGISTRY_ID });
    await this.timeline.track(register({ policies, at: instantOf(this.timeline.nowMs()), by: 'the simulator' }));
  }

  /** What a function with this name would be composed of; its calls carry the function's identity. @param environment @default what this stack gives it */
  composition(name: FunctionName, environment: NodeJS.ProcessEnv = ENVIRONMENT): Composition {
    const { accessKeyId, secretAccessKey, sessionToken = '', caller } = this.identities.credentialsFor(roleArn(name), name);
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    if (this.directClients === undefined) return new Composition(environment, { region: REGION, credentials, requestHandler: this.transport });
    return new Composition(environment, { region: REGION, credentials, requestHandler: UNUSED_TRANSPORT, clientOf: this.directClients(() => ofInvocation(caller)) });
  }

  /** Invokes a function as Lambda does: an error or a death is an answer. */
  async invoke(name: FunctionName, event: unknown, origin: string | null = null): Promise<LambdaResult> {
    return this.interceptInvocation(name, event, () => this.run(name, event, origin));
  }

  /** Runs a job that is not a function. Its calls are disturbed as those of functions are, and it dies as they do; no time-out ends it. */
  async runJob(name: JobName, job: () => Promise<void>): Promise<LambdaResult> {
    return (await this.live(inAnyPool(name), job)).result;
  }

  /** What the SDK clients of a job are made with: its role, and the way to the services. */
  jobClientConfig(name: JobName) {
    const { role, pool } = jobOf(name);
    this.identities.put(role);
    const { accessKeyId, secretAccessKey, sessionToken = '' } = this.identities.credentialsFor(role, pool);
    return { region: REGION, credentials: { accessKeyId, secretAccessKey, sessionToken }, requestHandler: this.transport };
  }

  /** Virtual time passes for whoever calls it; a function or job dies meanwhile as it does in a call. */
  async sleep(ms: number): Promise<void> {
    const sleeper = this.running.get(runningInvocation.getStore() ?? '');
    if (sleeper === undefined) await new Promise<void>((resolve) => { this.timeline.after(ms, 'somebody waits', resolve); });
    else await this.pass(sleeper, ms);
  }

  private async run(name: FunctionName, event: unknown, origin: string | null): Promise<LambdaResult> {
    const handler = this.handlerOf(name);
    const { traceId, result } = await this.live(name, (id) => handler(event, { awsRequestId: id }), FUNCTION_TIMEOUT_SECONDS * 1000);
    this.trace.emit({ type: 'lambda.invoked', actor: 'lambda.amazonaws.com', traceId, function: name, execution: origin, error: result.ok ? null : result.error });
    return result;
  }

  /** One life of a function or job, under a trace id of its own: it ends, dies, or times out. */
  private async live(name: FunctionName | JobName, work: (traceId: string) => Promise<unknown>, timeoutMs?: number): Promise<{ readonly traceId: string; readonly result: LambdaResult }> {
    const traceId = `Root=1-${(this.invocations++).toString(16).padStart(8, '0')}-${name}`;
    const activity = this.timeline.begin();
    let forgetTimeout = (): void => undefined;
    const death = new Promise<LambdaResult>((resolve) => {
      const invocation: Invocation = {
        name,
        activity,
        isDead: false,
        die: (error) => {
          invocation.isDead = true;
          resolve({ ok: false, error, cause: 'The function died (simulated).' });
        },
      };
      this.running.set(traceId, invocation);
      if (timeoutMs !== undefined) forgetTimeout = this.timeline.after(timeoutMs, `${name} times out`, () => { invocation.die('Sandbox.Timedout'); });
    });
    const life = runningInvocation.run(traceId, () => work(traceId)).then(
      (payload): LambdaResult => ({ ok: true, payload: (payload ?? null) as Json }),
      (error: unknown): LambdaResult => ({
        ok: false,
        error: error instanceof Error ? error.name : 'Error',
        cause: JSON.stringify({ errorType: error instanceof Error ? error.name : 'Error', errorMessage: error instanceof Error ? error.message : String(error) }),
      }),
    );
    const result = await Promise.race([life, death]);
    forgetTimeout();
    this.running.delete(traceId);
    activity.end();
    return { traceId, result };
  }

  /** The processes of all jobs end, as they do when their pool gets new code. */
  killJobs(): void {
    for (const [, running] of this.running) if (running.name.includes('@')) running.die('Killed');
  }

  /** New code, or new sandboxes: what the functions kept between invocations is gone. */
  startCold(): void {
    this.handlers.clear();
  }

  /** Fires the schedule for a time, as one pool's scheduler does. */
  async fireSchedule(atMs: number = this.timeline.nowMs()): Promise<LambdaResult> {
    return this.invoke('start-due-rotations', { scheduledTime: instantOf(atMs).replace('.000Z', 'Z') });
  }

  /** Fires the schedule of the reconciliation. */
  async reconcile(atMs: number = this.timeline.nowMs()): Promise<LambdaResult> {
    return this.invoke('reconcile', { scheduledTime: instantOf(atMs).replace('.000Z', 'Z') });
  }

  /** Starts an execution by hand, as a person does. @throws {AwsError} */
  startExecution(name: string, input: Json): unknown {
    return this.states.call('StartExecution', { stateMachineArn: STATE_MACHINE_ARN, name, input: JSON.stringify(input) });
  }

  /** ARN of a function's or job's session, as it stands in the trace. */
  actorOf(name: FunctionName | JobName): string {
    if (isJobName(name)) return this.identities.credentialsFor(jobOf(name).role, jobOf(name).pool).caller.arn;
    return this.identities.credentialsFor(roleArn(name), name).caller.arn;
  }

  private deploy(): void {
    for (const name of Object.keys(FUNCTIONS)) this.identities.put(roleArn(name as FunctionName));
    const caller = { accountId: ACCOUNT, arn: 'cloudformation.amazonaws.com', userId: 'deploy' };
    const { partitionAttribute, sortAttribute } = DUE_INDEX;
    this.dynamodb.call(
      'CreateTable',
      {
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', partitionAttribute, sortAttribute].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: DUE_INDEX.name,
            KeySchema: [
              { AttributeName: partitionAttribute, KeyType: 'HASH' },
              { AttributeName: sortAttribute, KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
      caller,
    );
    this.sns.createTopic(TOPIC_ARN);
    this.bus.putRule({
      arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/key-deletions`,
      pattern: { source: ['aws.kms'], 'detail-type': ['KMS CMK Deletion'] },
      state: 'ENABLED',
      targets: [{ id: 'record-key-deletion', arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:record-key-deletion` }],
    });
    this.bus.putRule({
      arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/ended-executions`,
      pattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [STATE_MACHINE_ARN] },
      },
      state: 'ENABLED',
      targets: [{ id: 'handle-ended-execution', arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:handle-ended-execution` }],
    });
    this.bus.putRule({
      arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/failed-uses`,
      pattern: { source: [FAILED_USES.source], 'detail-type': [FAILED_USES.detailType], detail: { eventSource: [FAILED_USES.eventSource], errorCode: FAILED_USES.errorCodes } },
      state: FAILED_USES.ruleState,
      targets: [{ id: 'rescue-version', arn: RESCUE_FUNCTION_ARN }],
    });
    for (const name of ['key-rotation', 'key-repair'] as const) {
      this.states.call('CreateStateMachine', { name, definition: this.definitionOf(name), roleArn: `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}${name}` });
    }
  }

  private definitionOf(machine: MachineName): string {
    const text = readDefinition(machine);
    return withArns(machine, this.options.replacements?.definition?.(machine, text) ?? text);
  }

  /** Invocations by SDK: of keyturn's own functions, whose handlers run from source, and of everybody else's. */
  private withOwnFunctions(others: Service): Service {
    return {
      call: async (operation, input, caller) => {
        const { FunctionName: target, Payload: payload } = input as { readonly FunctionName?: string; readonly Payload?: string };
        if (operation !== 'Invoke' || target !== RESCUE_FUNCTION_ARN) return others.call(operation, input, caller);
        // Whoever invokes it waits, and time goes on meanwhile.
        const waiting = this.running.get(caller.traceId ?? '')?.activity;
        waiting?.rest();
        const result = await this.invoke('rescue-version', JSON.parse(Buffer.from(payload ?? '', 'base64').toString('utf8')));
        waiting?.resume();
        const answer = result.ok ? result.payload : { errorType: result.error, errorMessage: result.cause };
        return { StatusCode: 200, ...(result.ok ? {} : { FunctionError: 'Unhandled' }), Payload: Buffer.from(JSON.stringify(answer)).toString('base64') };
      },
    };
  }

  private lambda(): LambdaInvoker {
    return {
      invoke: (functionArn, payload, origin) => this.invoke(functionArn.split(':')[6] as FunctionName, payload, origin.executionName),
    };
  }

  private deliver(target: string, event: BusEvent): void {
    this.invokeLater(target.split(':')[6] as FunctionName, event, [0, ...ASYNC_RETRY_DELAYS_SECONDS]);
  }

  /** As Lambda does: what fails is tried again, after each delay. */
  private invokeLater(name: FunctionName, event: BusEvent, [delaySeconds, ...others]: readonly number[]): void {
    if (delaySeconds === undefined) return;
    this.timeline.after(delaySeconds * 1000, `deliver ${event['detail-type']} to ${name}`, () => {
      // Not waited for: time goes on while the function waits for an answer.
      void this.invoke(name, event).then(({ ok }) => {
        if (!ok) this.invokeLater(name, event, others);
      });
    });
  }

  private handlerOf(name: FunctionName): Handler {
    const known = this.handlers.get(name);
    if (known !== undefined) return known;
    const { replacements } = this.options;
    const composition = this.composition(name);
    const made = HANDLERS[name](replacements?.composition?.(composition, name) ?? composition, SILENT);
    const handler = replacements?.handler?.(name, made) ?? made;
    this.handlers.set(name, handler);
    return handler;
  }

  private async intercept(call: ServiceCall, apply: () => Promise<unknown>): Promise<unknown> {
    const traceId = call.caller.traceId;
    const invoked = traceId === undefined ? undefined : this.running.get(traceId);
    if (invoked === undefined) return apply();
    const point: FaultPoint = { function: invoked.name, service: call.service, operation: call.operation, input: call.input, index: this.calls.length };
    this.calls.push(point);
    const legs = this.latency?.(point);
    const next = legs === undefined ? apply : () => this.underWay(invoked, legs, apply);
    const fault = this.fault(point);
    if (fault === 'none') return next();
    if (fault instanceof AwsError) throw fault;
    if (fault === 'die-before') return this.die(invoked);
    if (fault === 'die-during') {
      next().catch(noop);
      return this.die(invoked);
    }
    // A refusal is an answer, too.
    await next().catch(noop);
    if (fault === 'die-after') return this.die(invoked);
    throw new LostAnswer();
  }

  /** Gives up as a client does; what is under way arrives whoever waits for it. */
  private async underWay(invoked: Invocation, { pauseMs = 0, requestMs, answerMs }: Legs, apply: () => Promise<unknown>): Promise<unknown> {
    if (pauseMs > 0) await this.pass(invoked, pauseMs);
    const patienceMs = REQUEST_TIMEOUT_SECONDS * 1000;
    if (requestMs + answerMs > patienceMs) {
      this.timeline.after(requestMs, 'a late call arrives', () => apply().then(noop, noop));
      await this.pass(invoked, patienceMs);
      throw new LostAnswer('The client has waited long enough (simulated).');
    }
    const answer = this.pass(invoked, requestMs, { evenIfDead: true }).then(apply);
    await answer.catch(noop);
    await this.pass(invoked, answerMs);
    return answer;
  }

  /** Virtual time passes for a function that waits. Nothing of one that died meanwhile runs on. */
  private pass(invoked: Invocation, ms: number, { evenIfDead = false } = {}): Promise<void> {
    return new Promise<void>((resolve) => {
      invoked.activity.rest();
      this.timeline.after(ms, 'a call is under way', () => {
        invoked.activity.resume();
        if (evenIfDead || !invoked.isDead) resolve();
      });
    });
  }

  /** The function is gone: its call never settles. */
  private die(invoked: Invocation): Promise<never> {
    invoked.die('Lambda.Unknown');
    return new Promise<never>(() => undefined);
  }
}

/** One run of a function or job. */
interface Invocation {
  readonly name: FunctionName | JobName;
  readonly activity: Activity;
  isDead: boolean;
  readonly die: (error: string) => void;
}

const noop = (): void => undefined;

/** The trace tells what happened; log lines would only cost time. */
export const SILENT: Telemetry = { info: () => undefined, warn: () => undefined, countFailure: () => undefined, gauge: () => undefined };

/** What the stack gives its functions. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  [ENV.table]: TABLE,
  [ENV.registryId]: REGISTRY_ID,
  [ENV.rolePattern]: `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}*`,
  [ENV.stateMachineArn]: STATE_MACHINE_ARN,
  [ENV.repairMachineArn]: REPAIR_MACHINE_ARN,
  [ENV.rescueFunctionArn]: RESCUE_FUNCTION_ARN,
  [ENV.topicArn]: TOPIC_ARN,
  [ENV.acknowledgeUrl]: 'https://acknowledge.invalid/',
};

function isJobName(name: string): name is JobName {
  return name.includes('@');
}

function inAnyPool(name: JobName): JobName {
  return `${name.split('@')[0] ?? ''}@*`;
}

function jobOf(name: JobName): { readonly role: string; readonly pool: string } {
  const [role = '', pool = ''] = name.split('@');
  return { role: `arn:aws:iam::${ACCOUNT}:role/${role}`, pool };
}

function roleArn(name: FunctionName): string {
  return `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}keyturn-${name}`;
}

function readDefinition(machine: MachineName): string {
  return readFileSync(join(__dirname, `../../statemachine/${machine}.asl.json`), 'utf8');
}

/** A definition as it is deployed, with the functions' ARNs in place of its substitutions. */
function withArns(machine: MachineName, text: string): string {
  return functionsOf(machine).reduce(
    (definition, [name, { substitution }]) => definition.replaceAll(`\${${substitution}}`, `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:1`),
    text,
  );
}

/** The header by which Lambda's runtime ties a call to its invocation; calls of nobody's invocation have none. */
function withTraceId(transport: HttpHandler, currentTraceId: () => string | undefined): HttpHandler {
  return {
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    handle: (request) => {
      const traceId = currentTraceId();
      const traced = traceId === undefined ? request : HttpRequest.clone(request);
      if (traceId !== undefined) traced.headers['x-amzn-trace-id'] = traceId;
      return inTurn(() => transport.handle(traced));
    },
  };
}

/**
 * A request and its answer each take a turn of the event loop, in which whatever else goes on comes as far as it can: things happen in one
 * order, however many promises a client waits for in between.
 */
async function inTurn<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  await nextTurn();
  try {
    return await call();
  } finally {
    await nextTurn();
  }
}

/** Whoever calls as a function, with the invocation that it calls in, if there is one. */
function ofInvocation(caller: Caller): Caller {
  const traceId = runningInvocation.getStore();
  return traceId === undefined ? caller : { ...caller, traceId };
}

/** Direct clients send nothing: something that gets here went around them. */
const UNUSED_TRANSPORT: HttpHandler = {
  handle: () => Promise.reject(new Error('A direct client was asked to send a request')),
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
};

/** Ids that look like UUIDs and count up. */
function uuids(prefix = '00000000'): () => string {
  let count = 0;
  return () => `${prefix}-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}`;
}
