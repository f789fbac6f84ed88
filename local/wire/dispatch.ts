import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { authenticate, type CredentialDirectory } from './authentication';
import { ENDPOINTS, serviceNameOf, type ServiceName } from './endpoints';
import { jsonProtocol } from './json-protocol';
import { type Dispatch, type Interceptor, LostAnswer, type ServiceCall, type WireRequest } from './message';
import type { Protocol } from './protocol';

export interface DispatchOptions {
  readonly services: Readonly<Partial<Record<ServiceName, Service>>>;
  readonly credentials: CredentialDirectory;
  /** Throws `AccessDeniedException` when IAM refuses the call. */
  readonly authorize: (call: ServiceCall) => void;
  readonly trace: Trace;
  /** Ids of requests, in order. */
  readonly nextRequestId: () => string;
  /** @default every call goes straight to its service */
  readonly intercept?: Interceptor;
}

/** The front door of the local AWS: authenticates, decodes, authorizes, calls the service, encodes, and traces `sdk.call`. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const intercept: Interceptor = options.intercept ?? ((_call, next) => next());

  return async (request) => {
    const requestId = options.nextRequestId();
    // Until the service is known, errors are answered in the protocol that every SDK understands best.
    let protocol: Protocol = jsonProtocol('1.1');
    try {
      const { identity, signedFor } = await authenticate(request, options.credentials);
      const service = serviceNameOf(request, signedFor);
      if (service === undefined) throw notModelled(`the service of ${request.headers['x-amz-target'] ?? signedFor}`);
      protocol = ENDPOINTS[service].protocol;
      const call: ServiceCall = { service, ...protocol.decode(request), caller: callerOf(identity.caller, request) };
      const output = await traced(options.trace, call, () => intercept(call, () => callService(options, service, call)));
      return protocol.encode(call.operation, output, requestId);
    } catch (error) {
      if (error instanceof LostAnswer) throw error;
      if (error instanceof AwsError) return protocol.encodeError(error, requestId);
      throw error;
    }
  };
}

async function callService(options: DispatchOptions, name: ServiceName, call: ServiceCall): Promise<unknown> {
  const service = options.services[name];
  if (service === undefined) throw notModelled(`${name} here: no such service was started`);
  options.authorize(call);
  return service.call(call.operation, call.input, call.caller);
}

async function traced(trace: Trace, call: ServiceCall, answer: () => Promise<unknown>): Promise<unknown> {
  let failure: string | null = null;
  try {
    return await answer();
  } catch (error) {
    failure = error instanceof Error ? error.name : 'Error';
    throw error;
  } finally {
    const { traceId } = call.caller;
    trace.emit({
      type: 'sdk.call',
      actor: call.caller.arn,
      ...(traceId !== undefined && { traceId }),
      service: call.service,
      operation: call.operation,
      error: failure,
    });
  }
}

function callerOf(caller: Caller, request: WireRequest): Caller {
  const traceId = request.headers['x-amzn-trace-id'];
  return traceId === undefined ? caller : { ...caller, traceId };
}
