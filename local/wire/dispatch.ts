import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { type Authenticated, authenticate, type CredentialDirectory } from './authentication';
import { type Addressee, addresseeOf, isGlobal, type ServiceName } from './endpoints';
import { type Dispatch, type Interceptor, LostAnswer, type ServiceCall, type WireRequest, type WireResponse } from './message';
import type { Protocol } from './protocol';

export interface DispatchOptions {
  readonly services: Readonly<Partial<Record<ServiceName, Service>>>;
  readonly credentials: CredentialDirectory;
  /** Throws `AccessDeniedException` when IAM refuses the call. */
  readonly authorize: (call: ServiceCall) => void;
  readonly trace: Trace;
  /** Ids of requests, in order. */
  readonly nextRequestId: () => string;
  /** That clients must sign for. @default any */
  readonly region?: string;
  /** @default every call goes straight to its service */
  readonly intercept?: Interceptor;
}

/** What is behind every way in: authorizes a decoded call, calls the service with its wire JSON, and traces `sdk.call`. @throws what the service or the interceptor throws. */
export function createCall(options: Pick<DispatchOptions, 'services' | 'authorize' | 'trace' | 'intercept'>): (call: ServiceCall) => Promise<unknown> {
  const intercept: Interceptor = options.intercept ?? ((_call, next) => next());
  return (call) => traced(options.trace, call, () => intercept(call, () => callService(options, call)));
}

/** The front door of the local AWS: authenticates, decodes, authorizes, calls the service, encodes, and traces `sdk.call`. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const perform = createCall(options);

  return async (request) => {
    const requestId = options.nextRequestId();
    const addressee = addresseeOf(request);
    try {
      const authenticated = await authenticate(request, options.credentials);
      const service = assertAddressed(request, addressee, authenticated, options.region);
      const call: ServiceCall = { service, ...addressee.protocol.decode(request), caller: callerOf(authenticated.identity.caller, request) };
      return addressee.protocol.encode(call.operation, await perform(call), requestId);
    } catch (error) {
      if (error instanceof LostAnswer) throw error;
      if (error instanceof AwsError) return inWordsOf(addressee.protocol, error, requestId);
      throw error;
    }
  };
}

/** An error in the protocol of whom a request is for, without asking that one. */
export function refusal(request: WireRequest, error: AwsError, requestId: string): WireResponse {
  return inWordsOf(addresseeOf(request).protocol, error, requestId);
}

/** How a protocol words an error. */
export function inWordsOf(protocol: Protocol, error: AwsError, requestId: string): WireResponse {
  const [code, httpStatus] = protocol.commonErrors?.[error.code] ?? [];
  return protocol.encodeError(code === undefined ? error : new AwsError(code, error.message, httpStatus, error.members), requestId);
}

/** @throws {AwsError} when no such service is modelled, or the signature is for another one or another region. */
function assertAddressed(request: WireRequest, { service }: Addressee, { signedFor, region: signedRegion }: Authenticated, region: string | undefined): ServiceName {
  const target = request.headers['x-amz-target'];
  if (service === undefined) throw notModelled(`the service of ${target ?? signedFor}`);
  if (signedFor !== service) throw new AwsError('InvalidSignatureException', `Credential should be scoped to correct service: '${service}'.`);
  if (region !== undefined && signedRegion !== region && !isGlobal(service)) {
    throw new AwsError('InvalidSignatureException', `Credential should be scoped to a valid region, not '${signedRegion}'. The local account is in ${region}.`);
  }
  return service;
}

async function callService(options: Pick<DispatchOptions, 'services' | 'authorize'>, call: ServiceCall): Promise<unknown> {
  const service = options.services[call.service as ServiceName];
  if (service === undefined) throw notModelled(`${call.service} here: no such service was started`);
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
