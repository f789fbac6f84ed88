import { types } from 'node:util';
import type { Clock } from '../kernel/clock';
import type { SigningIdentity } from '../wire/authentication';
import { type FunctionError, type FunctionVersion, logGroupOf, logStreamOf, MAX_PAYLOAD_BYTES } from './function';
import type { Sandbox } from './sandbox';

export interface EnvironmentOptions {
  readonly functionVersion: FunctionVersion;
  readonly functionArn: string;
  readonly region: string;
  /** Where the function's SDK clients find the local AWS. */
  readonly endpoint: string;
  readonly credentials: SigningIdentity;
  readonly clock: Clock;
  /** Gives up a function that runs too long. */
  readonly guard: TimeoutGuard;
}

/** Resolves after so many real milliseconds unless cancelled first: time stands still while a function runs, so no virtual timer can stop it. */
export type TimeoutGuard = (milliseconds: number) => { readonly expired: Promise<void>; readonly cancel: () => void };

export interface Invocation {
  readonly requestId: string;
  readonly traceHeader: string;
  /** JSON text. */
  readonly payload: string;
}

export type Outcome = { readonly ok: true; readonly payload: string } | { readonly ok: false; readonly error: FunctionError };

/** After these there is no warm process any more. */
const ENDS_OF_THE_PROCESS: readonly string[] = ['Sandbox.Timedout', 'Runtime.ExitError'];

/** One warm process, as Lambda has it: loads the bundle once, serves one invocation at a time. */
export class ExecutionEnvironment {
  private sandbox: Sandbox | undefined;
  private log: string[] = [];

  constructor(private readonly options: EnvironmentOptions) {}

  /** @param died resolves when the process ends in the middle of it */
  async run(invocation: Invocation, died: Promise<void>): Promise<{ readonly outcome: Outcome; readonly log: readonly string[]; readonly isReusable: boolean }> {
    this.log = [];
    const { timeoutSeconds } = this.options.functionVersion.config;
    const guard = this.options.guard(timeoutSeconds * 1000);
    const timedOut = guard.expired.then((): Outcome => ({
      ok: false,
      error: { errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${invocation.requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`, trace: [] },
    }));
    const exited = died.then((): Outcome => failure('Runtime.ExitError', `RequestId: ${invocation.requestId} Error: Runtime exited with error: exit status 1`));
    const outcome = await Promise.race([this.answer(invocation), timedOut, exited]);
    guard.cancel();
    return { outcome, log: this.log, isReusable: outcome.ok || !ENDS_OF_THE_PROCESS.includes(outcome.error.errorType) };
  }

  private async answer(invocation: Invocation): Promise<Outcome> {
    try {
      this.sandbox ??= this.load();
      this.sandbox.environment['_X_AMZN_TRACE_ID'] = invocation.traceHeader;
      const result = await handlerOf(this.sandbox, this.options.functionVersion)(JSON.parse(invocation.payload), this.context(invocation));
      // A handler without a result answers null.
      const payload = (JSON.stringify(result) as string | undefined) ?? 'null';
      const bytes = Buffer.byteLength(payload);
      if (bytes > MAX_PAYLOAD_BYTES) {
        return failure('Function.ResponseSizeTooLarge', `Response payload size exceeded maximum allowed payload size (${String(MAX_PAYLOAD_BYTES)} bytes).`);
      }
      return { ok: true, payload };
    } catch (error) {
      return { ok: false, error: asFunctionError(error) };
    }
  }

  private load(): Sandbox {
    const { functionVersion, region, endpoint, credentials, clock } = this.options;
    const { config, version, code } = functionVersion;
    return code.load({
      clock,
      writeLog: (text) => this.log.push(text),
      environment: {
        ...config.environment,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs',
        AWS_LAMBDA_FUNCTION_NAME: config.name,
        AWS_LAMBDA_FUNCTION_VERSION: version,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
        AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(config),
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
        AWS_ENDPOINT_URL: endpoint,
        TZ: ':UTC',
        // The deployed runtime is newer than this process may be, and the SDK would warn in every log.
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    });
  }

  private context({ requestId }: Invocation): Record<string, unknown> {
    const { functionVersion, functionArn, clock } = this.options;
    const { config, version } = functionVersion;
    const deadlineMs = clock.nowMs() + config.timeoutSeconds * 1000;
    return {
      functionName: config.name,
      functionVersion: version,
      invokedFunctionArn: functionArn,
      memoryLimitInMB: String(config.memoryMb),
      awsRequestId: requestId,
      logGroupName: logGroupOf(config),
      logStreamName: logStreamOf(version),
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => deadlineMs - clock.nowMs(),
    };
  }
}

type Handler = (event: unknown, context: unknown) => unknown;

function handlerOf(sandbox: Sandbox, { config }: FunctionVersion): Handler {
  const exported = sandbox.exports[config.handler.split('.').pop() ?? ''];
  if (typeof exported !== 'function') {
    throw Object.assign(new Error(`${config.handler} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  }
  return exported as Handler;
}

function failure(errorType: string, errorMessage: string): Outcome {
  return { ok: false, error: { errorType, errorMessage, trace: [] } };
}

/** What the Node runtime makes of whatever was thrown. */
function asFunctionError(thrown: unknown): FunctionError {
  // Not instanceof: the bundle may run in another realm than this file.
  if (types.isNativeError(thrown)) {
    return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}
