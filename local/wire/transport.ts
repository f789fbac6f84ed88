import { type HttpHandler, HttpResponse } from '@smithy/protocol-http';
import type { HttpRequest } from '@smithy/types';
import { type Dispatch, LostAnswer, type WireRequest } from './message';

/**
 * A `requestHandler` for SDK v3 clients that calls the local AWS in-process, without a socket:
 * `new KMSClient({ region, credentials, requestHandler: inProcessHandler(dispatch) })`.
 * A lost answer rejects as a reset connection does, so the SDK classifies it as one.
 */
export function inProcessHandler(dispatch: Dispatch): HttpHandler {
  return {
    async handle(request) {
      try {
        return { response: new HttpResponse(mutable(await dispatch(wireRequest(request)))) };
      } catch (error) {
        throw error instanceof LostAnswer ? connectionReset() : error;
      }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** A request of the SDK as it goes over the wire. */
export function wireRequest(request: HttpRequest): WireRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  return { method: request.method, path: request.path, query: request.query ?? {}, headers, body: bytes(request.body) };
}

function bytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === 'string') return Buffer.from(body);
  // A plain view: the SDK's own subclass warns when its text methods are called.
  if (body instanceof Uint8Array) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('The in-process transport takes text and bytes as a request body, not a stream');
}

function mutable(response: Awaited<ReturnType<Dispatch>>): { statusCode: number; headers: Record<string, string>; body: Uint8Array } {
  return { ...response, headers: { ...response.headers } };
}

/** What the SDK's own handler makes of a peer that goes away. */
export function connectionReset(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
}
