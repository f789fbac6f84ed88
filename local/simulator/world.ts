import { setImmediate as nextTurn } from 'node:timers/promises';
import { type HttpHandler, HttpRequest } from '@smithy/protocol-http';
import type { FunctionName } from '../../lambdas/contract/functions';
import { FUNCTIONS, hasDeadLetterQueue, type MachineName } from '../../lambdas/contract/functions';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import { instantOf } from '../../lambdas/domain/instant';
import type { Json } from '../../lambdas/domain/trace';
import { Composition } from '../../lambdas/runtime/composition';
import type { Handler } from '../../lambdas/runtime/on-lambda';
import { registerKeys } from '../../lambdas/tasks/register-keys';
import type { LambdaInvoker, LambdaResult } from '../asl/lambda-integration';
import { DynamoDbService } from '../dynamodb/dynamodb-service';
import { EventBridgeService, type BusEvent } from '../eventbridge/eventbridge-service';
import { CloudTrail, usualDelay } from '../cloudtrail/cloudtrail';
import { IdentityDirectory } from '../iam/identities';
import { Timeline } from '../kernel/clock';
import type { Service } from '../kernel/service';
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
import type { Interceptor } from '../wire/message';
import { inProcessHandler } from '../wire/transport';
import { ACCOUNT, createRegistryTable, ENVIRONMENT, putRules, readDefinition, REGION, REGISTRY_ID, RESCUE_FUNCTION_ARN, ROLE_PATH, roleArn, SILENT, STATE_MACHINE_ARN, TOPIC_ARN, withArns } from './deployment';
import { type DirectClients, directClients } from './direct-clients';
import { HANDLERS } from './handlers';
import { currentInvocation, type Fault, type FaultPoint, inAnyPool, Invocations, isJobName, type JobName, jobOf, type Legs, ofInvocation } from './invocations';
import { seeded } from './random';

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
  private readonly invocations: Invocations;
  private readonly handlers = new Map<FunctionName, Handler>();

  constructor(private readonly options: WorldOptions = {}) {
    this.timeline = new Timeline(options.startMs ?? Date.UTC(2026, 0, 1));
    this.invocations = new Invocations(this.timeline, this);
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
      intercept: (call, next) => this.interceptAll(call, () => this.invocations.intercept(call, next)),
    };
    this.transport = withTraceId(inProcessHandler(createDispatch(front)), currentInvocation);
    const call = createCall(front);
    if (options.wire === 'direct') this.directClients = directClients({ call: (direct) => inTurn(() => call(direct)), nextRequestId: newRequestId });
    createRegistryTable(this.dynamodb);
    this.sns.createTopic(TOPIC_ARN);
    putRules(this.bus);
    for (const name of Object.keys(FUNCTIONS)) this.identities.put(roleArn(name as FunctionName));
    for (const name of ['key-rotation', 'key-repair'] as const) {
      this.states.call('CreateStateMachine', { name, definition: this.definitionOf(name), roleArn: `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}${name}` });
    }
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
    return (await this.invocations.live(inAnyPool(name), job)).result;
  }

  /** What the SDK clients of a job are made with: its role, and the way to the services. */
  jobClientConfig(name: JobName) {
    const { role, pool } = jobOf(name);
    this.identities.put(role);
    const { accessKeyId, secretAccessKey, sessionToken = '' } = this.identities.credentialsFor(role, pool);
    return { region: REGION, credentials: { accessKeyId, secretAccessKey, sessionToken }, requestHandler: this.transport };
  }

  private async run(name: FunctionName, event: unknown, origin: string | null): Promise<LambdaResult> {
    const handler = this.handlerOf(name);
    const { traceId, result } = await this.invocations.live(name, (id) => handler(event, { awsRequestId: id }), FUNCTION_TIMEOUT_SECONDS * 1000);
    this.trace.emit({ type: 'lambda.invoked', actor: 'lambda.amazonaws.com', traceId, function: name, execution: origin, error: result.ok ? null : result.error });
    return result;
  }

  /** Virtual time passes for whoever calls it; a function or job dies meanwhile as it does in a call. */
  sleep(ms: number): Promise<void> {
    return this.invocations.sleep(ms);
  }

  /** The processes of all jobs end, as they do when their pool gets new code. */
  killJobs(): void {
    this.invocations.killJobs();
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
        const result = await this.invocations.whileWaiting(caller.traceId, () => this.invoke('rescue-version', JSON.parse(Buffer.from(payload ?? '', 'base64').toString('utf8'))));
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

  /** As Lambda does: what fails is tried again, after each delay, and then given up. */
  private invokeLater(name: FunctionName, event: BusEvent, [delaySeconds = 0, ...others]: readonly number[]): void {
    this.timeline.after(delaySeconds * 1000, `deliver ${event['detail-type']} to ${name}`, () => {
      // Not waited for: time goes on while the function waits for an answer.
      void this.invoke(name, event).then((result) => {
        if (result.ok) return;
        if (others.length > 0) this.invokeLater(name, event, others);
        else if (hasDeadLetterQueue(name)) this.trace.emit({ type: 'lambda.dead-letter-sent', actor: 'lambda.amazonaws.com', function: name, payload: JSON.stringify(event), error: result.error });
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
