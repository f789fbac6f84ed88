import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import type { PolicyStatement } from '../iam/documents';
import { compilePolicy, type Policy } from '../iam/policy';
import { AwsError } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import type { Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { Trace } from '../kernel/trace';
import type { SigningIdentity } from '../wire/authentication';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { textOf } from '../wire/protocol';
import { readBundle, sha256Of } from './bundle-files';
import { describeVersion, revisionOf } from './descriptions';
import { ExecutionEnvironment, type TimeoutGuard } from './execution-environment';
import {
  ASYNC_RETRY_DELAYS_SECONDS,
  type FunctionConfig,
  type FunctionVersion,
  type InvocationResult,
  type LogLine,
  logGroupOf,
  MAX_ASYNC_PAYLOAD_BYTES,
  MAX_PAYLOAD_BYTES,
} from './function';
import { functionArn, functionRef, type FunctionRef } from './function-arn';
import { BundleCode } from './sandbox';
import { type PendingInvocation, savedFunctions } from './saved-functions';

export interface LambdaServiceOptions {
  readonly region: string;
  readonly accountId: string;
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** Ids of requests, environments and traces, in order: UUIDs. */
  readonly nextId: () => string;
  /** URL of the local AWS, for the functions' SDK clients. */
  readonly endpoint: () => string;
  /** Credentials of a session of a function's role. */
  readonly credentialsFor: (roleArn: string, sessionName: string) => SigningIdentity;
  /** URL of a function that has one. @default none has */
  readonly urlOf?: (functionName: string) => string | undefined;
  /** Sends a dead letter as a role. @default there are no queues @throws {AwsError} */
  readonly sendDeadLetter?: (letter: DeadLetter) => void;
  /** @default a real timer: see {@link TimeoutGuard} */
  readonly guard?: TimeoutGuard;
}

/** Who invokes, and for which execution. */
export interface InvocationOrigin {
  /** ARN of the principal or service. */
  readonly actor: string;
  readonly execution?: string;
}

/** An event that failed at every try, and where its function wants it. @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
export interface DeadLetter {
  readonly queueArn: string;
  readonly roleArn: string;
  readonly functionName: string;
  /** JSON text of the event. */
  readonly payload: string;
  readonly requestId: string;
  /** Of the last error. */
  readonly message: string;
}

type Permission = PolicyStatement & { readonly Sid: string };

interface LocalFunction {
  readonly versions: Map<string, FunctionVersion>;
  lastVersion: number;
  /** Statements of the resource policy, by `Sid`. */
  readonly permissions: Map<string, { readonly statement: Permission; readonly compiled: Policy }>;
  readonly log: LogLine[];
}

const FunctionName = z.string().min(1).max(256);
const Qualifier = z.string().optional();
const pageSize = (maximum: number) => z.coerce.number().int().min(1).max(maximum).default(50);
const onFunction = z.strictObject({ FunctionName, Qualifier });

const shapes = {
  invoke: z.strictObject({
    FunctionName,
    Qualifier,
    InvocationType: z.enum(['RequestResponse', 'Event', 'DryRun']).default('RequestResponse'),
    LogType: z.enum(['None', 'Tail']).default('None'),
    Payload: z.string().default(''),
  }),
  listFunctions: z.strictObject({ Marker: z.string().optional(), MaxItems: pageSize(10_000), FunctionVersion: z.literal('ALL').optional() }),
  listVersions: z.strictObject({ FunctionName, Marker: z.string().optional(), MaxItems: pageSize(10_000) }),
};

/**
 * Lambda: functions run in this process, one invocation per environment at a time. Time stands still while a function
 * runs. Not modelled: cold starts, concurrency limits, reserved or provisioned concurrency, layers, streams.
 */
export class LambdaService implements Service, Stateful {
  private readonly functions = new Map<string, LocalFunction>();
  /** Asynchronous invocations that wait for an attempt. */
  private readonly pending = new Set<PendingInvocation>();
  /** Warm environments that serve nothing now, by version. */
  private readonly idle = new Map<FunctionVersion, ExecutionEnvironment[]>();
  /** What ends the process of a running invocation, by its trace header. */
  private readonly running = new Map<string, () => void>();

  private readonly operations = new Operations('Lambda', 'ValidationException')
    .on('Invoke', shapes.invoke, (request, caller) => this.invokeBy(request, caller))
    .on('GetFunction', onFunction, ({ FunctionName: name, Qualifier: qualifier }) => {
      const version = this.versionOf(this.refOf(name, qualifier));
      return { Configuration: this.describe(version, qualifier), Code: { RepositoryType: 'S3', Location: `file://${version.config.bundle.filename}` } };
    })
    .on('GetFunctionConfiguration', onFunction, ({ FunctionName: name, Qualifier: qualifier }) => this.describe(this.versionOf(this.refOf(name, qualifier)), qualifier))
    .on('ListFunctions', shapes.listFunctions, ({ Marker, MaxItems, FunctionVersion: all }) =>
      listed('Functions', [...this.functions.values()].flatMap(({ versions }) => [...versions.values()].filter(({ version }) => all !== undefined || version === '$LATEST').map((version) => this.describe(version, all === undefined ? undefined : version.version))), MaxItems, Marker),
    )
    .on('ListVersionsByFunction', shapes.listVersions, ({ FunctionName: name, Marker, MaxItems }) =>
      listed('Versions', [...this.functionNamed(this.refOf(name)).versions.values()].map((version) => this.describe(version, version.version)), MaxItems, Marker),
    )
    .on('GetFunctionUrlConfig', onFunction, ({ FunctionName: name, Qualifier: qualifier }) => this.describeUrl(this.refOf(name, qualifier)))
    .on('GetPolicy', onFunction, ({ FunctionName: name, Qualifier: qualifier }) => this.describePolicy(this.refOf(name, qualifier)));

  constructor(private readonly options: LambdaServiceOptions) {}

  /** Creates a function, or changes its `$LATEST`. @returns its unqualified ARN. */
  putFunction(config: FunctionConfig): string {
    const existing = this.functions.get(config.name) ?? newFunction();
    existing.versions.set('$LATEST', { config, version: '$LATEST', code: new BundleCode(config.bundle), modifiedAtMs: this.options.timeline.nowMs() });
    this.functions.set(config.name, existing);
    return functionArn(this.options, config.name);
  }

  /** Freezes what `$LATEST` is now. @returns the version's number. */
  publishVersion(functionName: string): string {
    const found = this.functionNamed(functionRef(functionName));
    const latest = found.versions.get('$LATEST');
    if (latest === undefined) throw new Error(`${functionName} has no $LATEST`);
    const version = String(++found.lastVersion);
    found.versions.set(version, { ...latest, version, modifiedAtMs: this.options.timeline.nowMs() });
    return version;
  }

  deleteFunction(functionName: string): void {
    this.functions.delete(functionRef(functionName).name);
  }

  /** Adds a statement to the function's resource policy, or replaces the one with its `Sid`. */
  putPermission(functionName: string, statement: Permission): void {
    this.functionNamed(functionRef(functionName)).permissions.set(statement.Sid, { statement, compiled: compilePolicy({ Statement: statement }) });
  }

  deletePermission(functionName: string, sid: string): void {
    this.functionNamed(functionRef(functionName)).permissions.delete(sid);
  }

  resourcePolicyOf(functionName: string): Policy {
    return [...this.functionNamed(functionRef(functionName)).permissions.values()].flatMap(({ compiled }) => compiled);
  }

  /**
   * The process of a running invocation dies: it ends with `Runtime.ExitError`, as a crash does. What it still does must be kept from having an effect.
   * @param traceHeader of the invocation, which its calls carry
   */
  crash(traceHeader: string): void {
    this.running.get(traceHeader)?.();
  }

  /** What the function has written, oldest first. */
  logOf(functionName: string): readonly string[] {
    return this.functionNamed(functionRef(functionName)).log.map(({ text }) => text);
  }

  /** Log groups of the functions, with what was written to each, oldest first. */
  logGroups(): ReadonlyMap<string, readonly LogLine[]> {
    const groups = new Map<string, readonly LogLine[]>();
    for (const { versions, log } of this.functions.values()) {
      const latest = versions.get('$LATEST');
      if (latest === undefined) continue;
      const group = logGroupOf(latest.config);
      groups.set(group, [...(groups.get(group) ?? []), ...log]);
    }
    return groups;
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  save(): Json {
    const functions = [...this.functions].map(([name, { lastVersion, versions, permissions, log }]) => ({
      name,
      lastVersion,
      versions: [...versions.values()].map(({ version, config: { bundle, ...config }, modifiedAtMs }) => ({
        version,
        config,
        code: { filename: bundle.filename, sha256: sha256Of(bundle).toString('hex') },
        modifiedAtMs,
      })),
      permissions: [...permissions.values()].map(({ statement }) => statement),
      log,
    }));
    return { functions, pending: [...this.pending] } as unknown as Json;
  }

  /** Code is read from where it was: see {@link readBundle}. */
  load(saved: Json): void {
    const { functions, pending } = savedFunctions.parse(saved);
    for (const { name, lastVersion, versions, permissions, log } of functions) {
      const made: LocalFunction = { ...newFunction(), lastVersion, log };
      // Versions that share their code share it here too.
      const codes = new Map<string, BundleCode>();
      for (const { version, config, code, modifiedAtMs } of versions) {
        const bundle = readBundle(code.filename, code.sha256);
        const shared = codes.get(code.filename) ?? new BundleCode(bundle);
        codes.set(code.filename, shared);
        made.versions.set(version, { config: { ...(config as Omit<FunctionConfig, 'bundle'>), bundle }, version, code: shared, modifiedAtMs });
      }
      for (const statement of permissions) made.permissions.set(statement.Sid, { statement, compiled: compilePolicy({ Statement: statement }) });
      this.functions.set(name, made);
    }
    for (const invocation of pending) this.attempt(invocation);
  }

  /**
   * Invokes and waits. A function that fails is a result, not an error.
   * @param payload JSON text
   * @throws {AwsError} `ResourceNotFoundException`, `RequestTooLargeException`, `InvalidRequestContentException`; `AccessDeniedException` when the
   * function's role does not exist.
   */
  invoke(target: string, payload: string, origin: InvocationOrigin): Promise<InvocationResult> {
    const { version, ref } = this.accept(target, payload, MAX_PAYLOAD_BYTES);
    return this.options.timeline.track(this.run(version, ref, payload, origin, this.options.nextId()));
  }

  /**
   * Accepts an asynchronous invocation; a function that fails is tried twice more, after 1 and 2 minutes, with the same request id; then its event goes to the dead-letter queue, if the function has one.
   * @throws {AwsError} as {@link invoke} does.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   */
  invokeLater(target: string, payload: string, origin: InvocationOrigin): void {
    const { version, ref } = this.accept(target, payload, MAX_ASYNC_PAYLOAD_BYTES);
    this.attempt({
      name: ref.name,
      ...(ref.qualifier !== undefined && { qualifier: ref.qualifier }),
      version: version.version,
      payload,
      origin,
      requestId: this.options.nextId(),
      attempt: 0,
      atMs: this.options.timeline.nowMs(),
    });
  }

  private attempt(pending: PendingInvocation): void {
    const { timeline } = this.options;
    this.pending.add(pending);
    timeline.after(pending.atMs - timeline.nowMs(), `invoke ${pending.name}`, async () => {
      this.pending.delete(pending);
      const { name, qualifier, version: number, payload, requestId, attempt } = pending;
      // A version that was deleted meanwhile takes its retries with it.
      const version = this.functions.get(name)?.versions.get(number);
      if (version === undefined) return;
      const { actor, execution } = pending.origin;
      const origin = { actor, ...(execution !== undefined && { execution }) };
      const failure = await this.run(version, qualifier === undefined ? { name } : { name, qualifier }, payload, origin, requestId).then(failureOf, refusalOf);
      if (failure === undefined) return;
      const delaySeconds = ASYNC_RETRY_DELAYS_SECONDS[attempt];
      if (delaySeconds === undefined) this.giveUp(pending, version.config, failure);
      else this.attempt({ ...pending, attempt: attempt + 1, atMs: timeline.nowMs() + delaySeconds * 1000 });
    });
  }

  /** What the queue does not take is dropped, and counted in the metric DeadLetterErrors. */
  private giveUp({ payload, requestId }: PendingInvocation, { name, roleArn, deadLetterArn }: FunctionConfig, { error, message }: AttemptFailure): void {
    const { sendDeadLetter, trace } = this.options;
    if (deadLetterArn === undefined || sendDeadLetter === undefined) return;
    try {
      sendDeadLetter({ queueArn: deadLetterArn, roleArn, functionName: name, payload, requestId, message });
    } catch (refusal) {
      if (refusal instanceof AwsError) return;
      throw refusal;
    }
    trace.emit({ type: 'lambda.dead-letter-sent', actor: 'lambda.amazonaws.com', function: name, payload, error });
  }

  private invokeBy({ FunctionName: name, Qualifier: qualifier, InvocationType, LogType, Payload }: z.output<typeof shapes.invoke>, caller: Caller): unknown {
    const target = qualifier === undefined ? name : `${name}:${qualifier}`;
    const payload = Buffer.from(Payload, 'base64').toString('utf8') || '{}';
    const origin = { actor: caller.arn };
    if (InvocationType === 'DryRun') {
      this.versionOf(functionRef(target));
      return { StatusCode: 204 };
    }
    if (InvocationType === 'Event') {
      this.invokeLater(target, payload, origin);
      return { StatusCode: 202 };
    }
    return this.invoke(target, payload, origin).then((result) => ({
      StatusCode: 200,
      ExecutedVersion: result.version,
      ...(result.errorType !== undefined && { FunctionError: 'Unhandled' }),
      ...(LogType === 'Tail' && { LogResult: Buffer.from(result.log.join('')).subarray(-4096).toString('base64') }),
      Payload: Buffer.from(result.payload).toString('base64'),
    }));
  }

  private describe(version: FunctionVersion, qualifier?: string): Readonly<Record<string, unknown>> {
    return describeVersion(version, functionArn(this.options, version.config.name, qualifier));
  }

  private describeUrl(ref: FunctionRef): unknown {
    const version = this.versionOf(ref);
    const url = ref.qualifier === undefined ? this.options.urlOf?.(ref.name) : undefined;
    if (url === undefined) throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
    const time = new Date(version.modifiedAtMs).toISOString();
    return { FunctionUrl: url, FunctionArn: functionArn(this.options, ref.name), AuthType: 'AWS_IAM', CreationTime: time, LastModifiedTime: time, InvokeMode: 'BUFFERED' };
  }

  private describePolicy(ref: FunctionRef): unknown {
    const arn = functionArn(this.options, ref.name, ref.qualifier);
    const statements = [...this.functionNamed(ref).permissions.values()].map(({ statement }) => statement).filter(({ Resource }) => Resource === arn);
    if (statements.length === 0) throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
    const Policy = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
    return { Policy, RevisionId: revisionOf(Policy) };
  }

  private refOf(functionName: string, qualifier?: string): FunctionRef {
    return functionRef(qualifier === undefined ? functionName : `${functionName}:${qualifier}`);
  }

  private accept(target: string, payload: string, limitBytes: number): { version: FunctionVersion; ref: FunctionRef } {
    const ref = functionRef(target);
    const version = this.versionOf(ref);
    const bytes = Buffer.byteLength(payload);
    if (bytes > limitBytes) {
      throw new AwsError('RequestTooLargeException', `${String(bytes)} byte payload is too large (limit ${String(limitBytes)} bytes)`, 413);
    }
    try {
      parseClientJson(payload);
    } catch {
      throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
    }
    return { version, ref };
  }

  private async run(version: FunctionVersion, ref: FunctionRef, payload: string, origin: InvocationOrigin, requestId: string): Promise<InvocationResult> {
    const environment = this.idle.get(version)?.pop() ?? this.newEnvironment(version, ref);
    const traceHeader = this.nextTraceHeader();
    const died = new Promise<void>((resolve) => this.running.set(traceHeader, resolve));
    const { outcome, log, isReusable } = await environment.run({ requestId, traceHeader, payload }, died);
    this.running.delete(traceHeader);
    if (isReusable) this.idle.set(version, [...(this.idle.get(version) ?? []), environment]);
    const atMs = this.options.timeline.nowMs();
    this.functions.get(version.config.name)?.log.push(...log.map((text) => ({ atMs, version: version.version, text })));
    this.options.trace.emit({
      type: 'lambda.invoked',
      actor: origin.actor,
      traceId: traceHeader,
      function: version.config.name,
      execution: origin.execution ?? null,
      error: outcome.ok ? null : outcome.error.errorType,
    });
    if (outcome.ok) return { payload: outcome.payload, version: version.version, log };
    const { errorType, errorMessage } = outcome.error;
    return { payload: JSON.stringify(outcome.error), errorType, errorMessage, version: version.version, log };
  }

  private newEnvironment(functionVersion: FunctionVersion, ref: FunctionRef): ExecutionEnvironment {
    const { config } = functionVersion;
    return new ExecutionEnvironment({
      functionVersion,
      functionArn: functionArn(this.options, ref.name, ref.qualifier),
      region: this.options.region,
      endpoint: this.options.endpoint(),
      credentials: this.options.credentialsFor(config.roleArn, config.name),
      clock: this.options.timeline,
      guard: this.options.guard ?? realTimeGuard,
    });
  }

  private nextTraceHeader(): string {
    const id = this.options.nextId().replaceAll('-', '');
    const epoch = Math.floor(this.options.timeline.nowMs() / 1000).toString(16).padStart(8, '0');
    return `Root=1-${epoch}-${id.slice(-24)};Parent=${id.slice(0, 16)};Sampled=0`;
  }

  private functionNamed({ name }: FunctionRef): LocalFunction {
    const found = this.functions.get(name);
    if (found === undefined) throw functionNotFound(functionArn(this.options, name));
    return found;
  }

  private versionOf(ref: FunctionRef): FunctionVersion {
    const version = this.functionNamed(ref).versions.get(ref.qualifier ?? '$LATEST');
    if (version === undefined) throw functionNotFound(functionArn(this.options, ref.name, ref.qualifier));
    return version;
  }
}

/** What an attempt ended with that is tried again. */
interface AttemptFailure {
  readonly error: string;
  readonly message: string;
}

function failureOf({ errorType, errorMessage = '' }: InvocationResult): AttemptFailure | undefined {
  return errorType === undefined ? undefined : { error: errorType, message: errorMessage };
}

/** An invocation that Lambda itself refused has failed like one whose function threw. @throws what else it is */
function refusalOf(error: unknown): AttemptFailure {
  if (error instanceof AwsError) return { error: error.code, message: error.message };
  throw error;
}

function newFunction(): LocalFunction {
  return { versions: new Map(), lastVersion: 0, permissions: new Map(), log: [] };
}

function listed(member: string, all: readonly Readonly<Record<string, unknown>>[], size: number, marker: string | undefined): unknown {
  const page = pageOf(all, ({ FunctionArn }) => textOf(FunctionArn), size, marker, () => new AwsError('InvalidParameterValueException', 'Invalid pagination token: Marker'));
  return { [member]: page.items, ...(page.token !== undefined && { NextMarker: page.token }) };
}

function functionNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
}

const realTimeGuard: TimeoutGuard = (milliseconds) => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    timer.unref();
  });
  return { expired, cancel: () => { clearTimeout(timer); } };
};
