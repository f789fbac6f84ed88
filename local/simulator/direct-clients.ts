import { HttpResponse } from '@smithy/protocol-http';
import type { $ClientProtocol, $OperationSchema, HandlerExecutionContext, HttpRequest, HttpResponse as Response, SerdeFunctions, StaticOperationSchema } from '@smithy/types';
import type { ClientOverrides } from '../../lambdas/runtime/composition';
import { AwsError } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { inWordsOf } from '../wire/dispatch';
import { ENDPOINTS, type ServiceName } from '../wire/endpoints';
import { LostAnswer, type ServiceCall, type WireResponse } from '../wire/message';
import { connectionReset, wireRequest } from '../wire/transport';
import { schemaJson } from './schema-json';

/** Those that functions call: each speaks one protocol. */
type DirectService = Exclude<ServiceName, 'sqs'>;

/** What is used of a client of the SDK. */
interface SdkClient {
  readonly config: SerdeFunctions & { readonly protocol: $ClientProtocol<HttpRequest, Response>; readonly defaultSigningName: DirectService };
}

interface SdkCommand {
  readonly input: object;
  readonly schema: StaticOperationSchema;
}

export interface DirectClientsOptions {
  /** Calls a service, as the dispatch of the wire does. */
  readonly call: (call: ServiceCall) => Promise<unknown>;
  readonly nextRequestId: () => string;
}

/** The clients of one composition. @param caller whose calls they make; asked at every call */
export type DirectClients = (caller: () => Caller) => NonNullable<ClientOverrides['clientOf']>;

/** Services whose requests and answers carry their input and output as JSON, and nothing else. */
const JSON_SERVICES: readonly DirectService[] = ['kms', 'dynamodb', 'states', 'events', 'tagging'];

/** What the SDK adds to whatever one attempt gives. */
const ONE_ATTEMPT = { attempts: 1, totalRetryDelay: 0 };

/** One of each class for all worlds: nothing but its schemas, its errors and its protocol is used. */
const realClients = new Map<object, SdkClient>();

/**
 * Clients that leave out the SDK's middleware: nothing is signed, sent or tried again, and JSON is never text. What they take, give and
 * throw is what the real clients do, because the real clients' schemas and protocols make it.
 */
export function directClients({ call, nextRequestId }: DirectClientsOptions): DirectClients {
  let tokens = 0;
  const { toWire, fromWire } = schemaJson(() => `direct-${++tokens}`);

  async function send({ config }: SdkClient, caller: Caller, { input, schema }: SdkCommand): Promise<unknown> {
    const service = config.defaultSigningName;
    const requestId = nextRequestId();
    try {
      if (!JSON_SERVICES.includes(service)) return await sendAsText(config, service, caller, { input, schema }, requestId);
      const [, , name, , inputSchema, outputSchema] = schema;
      const output = fromWire(outputSchema, await call({ service, operation: name, input: toWire(inputSchema, input), caller }));
      return Object.assign(output as object, { $metadata: { httpStatusCode: 200, requestId, extendedRequestId: undefined, cfId: undefined, ...ONE_ATTEMPT } });
    } catch (error) {
      throw await thrownFor(config, schema, error, requestId);
    }
  }

  /** For protocols of every other kind. */
  async function sendAsText(config: SdkClient['config'], service: DirectService, caller: Caller, { input, schema }: SdkCommand, requestId: string): Promise<unknown> {
    const protocol = ENDPOINTS[service].protocol();
    const request = await config.protocol.serializeRequest(operationOf(schema), input, contextOf(config));
    const decoded = protocol.decode(wireRequest(request));
    return received(config, schema, protocol.encode(decoded.operation, await call({ service, ...decoded, caller }), requestId));
  }

  return (caller) => (clientClass, make) => {
    const real = realClients.get(clientClass) ?? (make() as unknown as SdkClient);
    realClients.set(clientClass, real);
    return Object.create(real, { send: { value: (command: SdkCommand) => send(real, caller(), command) } }) as ReturnType<typeof make>;
  };
}

/** What the real client throws for what became of a call. */
async function thrownFor(config: SdkClient['config'], schema: StaticOperationSchema, error: unknown, requestId: string): Promise<unknown> {
  if (error instanceof AwsError) {
    return received(config, schema, inWordsOf(ENDPOINTS[config.defaultSigningName].protocol(), error, requestId)).catch((thrown: unknown) => thrown);
  }
  return withAttempt(error instanceof LostAnswer ? connectionReset() : error);
}

/** What the client's own protocol makes of an answer. @throws the client's exceptions, for errors */
async function received(config: SdkClient['config'], schema: StaticOperationSchema, answer: WireResponse): Promise<unknown> {
  const response = new HttpResponse({ ...answer, headers: { ...answer.headers } });
  try {
    return withAttempt(await config.protocol.deserializeResponse(operationOf(schema), contextOf(config), response));
  } catch (error) {
    throw withAttempt(Object.defineProperty(error as object, '$response', { value: response, enumerable: false }));
  }
}

function withAttempt(outcome: unknown): unknown {
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  const { $metadata } = outcome as { $metadata?: object };
  return Object.assign(outcome, { $metadata: { ...$metadata, ...ONE_ATTEMPT } });
}

function operationOf([, namespace, name, traits, input, output]: StaticOperationSchema): $OperationSchema {
  return { namespace, name, traits, input, output };
}

function contextOf(config: SdkClient['config']): HandlerExecutionContext & SerdeFunctions & { endpoint: () => Promise<{ protocol: string; hostname: string; path: string }> } {
  return { ...config, endpoint: async () => ({ protocol: 'https:', hostname: 'direct.invalid', path: '/' }) };
}
