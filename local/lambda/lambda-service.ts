import { compilePolicy, type Policy } from '../iam/policy';
import type { PolicyStatement } from '../iam/documents';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import type { SigningIdentity } from '../wire/authentication';
import { isRecord, textOf } from '../wire/protocol';
import { ExecutionEnvironment, type TimeoutGuard } from './execution-environment';
import {
  ASYNC_RETRY_DELAYS_SECONDS,
  type FunctionConfig,
  type FunctionVersion,
  type InvocationResult,
  MAX_ASYNC_PAYLOAD_BYTES,
  MAX_PAYLOAD_BYTES,
} from './function';
import { functionArn, functionRef, type FunctionRef } from './function-arn';
import { BundleCode } from './sandbox';

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
  /** @default a real timer: see {@link TimeoutGuard} */
  readonly guard?: TimeoutGuard;
}

/** Who invokes, and for which execution. */
export interface InvocationOrigin {
  /** ARN of the principal or service. */
  readonly actor: string;
  readonly execution?: string;
}

interface LocalFunction {
  readonly versions: Map<string, FunctionVersion>;
  lastVersion: number;
  /** Compiled statements of the resource policy, by `Sid`. */
  readonly permissions: Map<string, Policy>;
  readonly log: string[];
}

/**
 * Lambda: functions run in this process, one invocation per environment at a time. Time stands still while a function
 * runs. Not modelled: cold starts, concurrency limits, reserved or provisioned concurrency, layers, streams.
 */
export class LambdaService implements Service {
  private readonly functions = new Map<string, LocalFunction>();
  /** Warm environments that serve nothing now, by version. */
  private readonly idle = new Map<FunctionVersion, ExecutionEnvironment[]>();

  constructor(private readonly options: LambdaServiceOptions) {}

  /** Creates a function, or changes its `$LATEST`. @returns its unqualified ARN. */
  putFunction(config: FunctionConfig): string {
    const existing = this.functions.get(config.name) ?? { versions: new Map<string, FunctionVersion>(), lastVersion: 0, permissions: new Map<string, Policy>(), log: [] };
    existing.versions.set('$LATEST', { config, version: '$LATEST', code: new BundleCode(config.bundle) });
    this.functions.set(config.name, existing);
    return functionArn(this.options, config.name);
  }

  /** Freezes what `$LATEST` is now. @returns the version's number. */
  publishVersion(functionName: string): string {
    const found = this.functionNamed(functionRef(functionName));
    const latest = found.versions.get('$LATEST');
    if (latest === undefined) throw new Error(`${functionName} has no $LATEST`);
    const version = String(++found.lastVersion);
    found.versions.set(version, { ...latest, version });
    return version;
  }

  deleteFunction(functionName: string): void {
    this.functions.delete(functionRef(functionName).name);
  }

  /** Adds a statement to the function's resource policy, or replaces the one with its `Sid`. */
  putPermission(functionName: string, statement: PolicyStatement & { readonly Sid: string }): void {
    this.functionNamed(functionRef(functionName)).permissions.set(statement.Sid, compilePolicy({ Statement: statement }));
  }

  deletePermission(functionName: string, sid: string): void {
    this.functionNamed(functionRef(functionName)).permissions.delete(sid);
  }

  resourcePolicyOf(functionName: string): Policy {
    return [...this.functionNamed(functionRef(functionName)).permissions.values()].flat();
  }

  /** What the function has written, oldest first. */
  logOf(functionName: string): readonly string[] {
    return this.functionNamed(functionRef(functionName)).log;
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    if (operation !== 'Invoke' || !isRecord(input)) throw notModelled(`Lambda ${operation}`);
    const type = String(input['InvocationType']);
    if (type !== 'RequestResponse' && type !== 'Event') throw notModelled(`Lambda's InvocationType ${type}`);
    const qualifier = input['Qualifier'] === undefined ? '' : `:${textOf(input['Qualifier'])}`;
    const target = `${String(input['FunctionName'])}${qualifier}`;
    const payload = Buffer.from(String(input['Payload']), 'base64').toString('utf8') || '{}';
    const origin = { actor: caller.arn };
    if (type === 'Event') {
      this.invokeLater(target, payload, origin);
      return { StatusCode: 202 };
    }
    return this.invoke(target, payload, origin).then((result) => ({
      StatusCode: 200,
      ExecutedVersion: result.version,
      ...(result.errorType !== undefined && { FunctionError: 'Unhandled' }),
      ...(input['LogType'] === 'Tail' && { LogResult: Buffer.from(result.log.join('')).subarray(-4096).toString('base64') }),
      Payload: Buffer.from(result.payload).toString('base64'),
    }));
  }

  /**
   * Invokes and waits. A function that fails is a result, not an error.
   * @param payload JSON text
   * @throws {AwsError} `ResourceNotFoundException`, `RequestTooLargeException`, `InvalidRequestContentException`.
   */
  invoke(target: string, payload: string, origin: InvocationOrigin): Promise<InvocationResult> {
    const { version, ref } = this.accept(target, payload, MAX_PAYLOAD_BYTES);
    return this.options.timeline.track(this.run(version, ref, payload, origin, this.options.nextId()));
  }

  /**
   * Accepts an asynchronous invocation; a function that fails is tried twice more, after 1 and 2 minutes, with the same request id.
   * @throws {AwsError} as {@link invoke} does.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   */
  invokeLater(target: string, payload: string, origin: InvocationOrigin): void {
    const { version, ref } = this.accept(target, payload, MAX_ASYNC_PAYLOAD_BYTES);
    const requestId = this.options.nextId();
    const attempt = (number: number, delaySeconds: number): void => {
      this.options.timeline.after(delaySeconds * 1000, `invoke ${ref.name}`, async () => {
        const { errorType } = await this.run(version, ref, payload, origin, requestId);
        const nextDelay = ASYNC_RETRY_DELAYS_SECONDS[number];
        if (errorType !== undefined && nextDelay !== undefined) attempt(number + 1, nextDelay);
      });
    };
    attempt(0, 0);
  }

  private accept(target: string, payload: string, limitBytes: number): { version: FunctionVersion; ref: FunctionRef } {
    const ref = functionRef(target);
    const version = this.versionOf(ref);
    const bytes = Buffer.byteLength(payload);
    if (bytes > limitBytes) {
      throw new AwsError('RequestTooLargeException', `${String(bytes)} byte payload is too large (limit ${String(limitBytes)} bytes)`, 413);
    }
    try {
      JSON.parse(payload);
    } catch {
      throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
    }
    return { version, ref };
  }

  private async run(version: FunctionVersion, ref: FunctionRef, payload: string, origin: InvocationOrigin, requestId: string): Promise<InvocationResult> {
    const environment = this.idle.get(version)?.pop() ?? this.newEnvironment(version, ref);
    const traceHeader = this.nextTraceHeader();
    const { outcome, log, isReusable } = await environment.run({ requestId, traceHeader, payload });
    if (isReusable) this.idle.set(version, [...(this.idle.get(version) ?? []), environment]);
    this.functions.get(version.config.name)?.log.push(...log);
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
