import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Service } from '../../../local/kernel/service';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import type { SigningIdentity } from '../../../local/wire/authentication';
import { createDispatch, type DispatchOptions } from '../../../local/wire/dispatch';
import type { ServiceName } from '../../../local/wire/endpoints';
import type { WireRequest } from '../../../local/wire/message';
import { inProcessHandler } from '../../../local/wire/transport';

export const REGION = 'eu-central-1';

export const ALICE: SigningIdentity = {
  accessKeyId: 'AKIAALICE',
  secretAccessKey: 'alice-secret',
  sessionToken: 'alice-session',
  caller: { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/alice', userId: 'AIDAALICE' },
};

/** A dispatch over given services, at which Alice is known and everything is allowed. */
export function wire(services: Partial<Record<ServiceName, Service['call']>>, overrides: Partial<DispatchOptions> = {}) {
  const trace = new Trace(new Timeline(0));
  let requests = 0;
  const dispatch = createDispatch({
    services: Object.fromEntries(Object.entries(services).map(([name, call]) => [name, { call }])),
    credentials: { find: (accessKeyId) => (accessKeyId === ALICE.accessKeyId ? ALICE : undefined) },
    authorize: () => undefined,
    trace,
    nextRequestId: () => `request-${String(++requests)}`,
    ...overrides,
  });
  return { dispatch, trace, client: clientConfig(dispatch) };
}

/** Configuration of an SDK client that signs as Alice and calls in-process. */
export function clientConfig(dispatch: ReturnType<typeof createDispatch>, identity: Partial<SigningIdentity> = {}) {
  return { region: REGION, credentials: { ...ALICE, ...identity }, requestHandler: inProcessHandler(dispatch), maxAttempts: 1 };
}

/** A request as a client signs it. */
export async function signed(request: Partial<WireRequest>, { service = 'kms', region = REGION, identity = ALICE }: { service?: string; region?: string; identity?: SigningIdentity } = {}): Promise<WireRequest> {
  const { method = 'POST', path = '/', query = {}, headers = {}, body = new Uint8Array() } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const signer = new SignatureV4({ credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }, region, service, sha256: Sha256, applyChecksum: false });
  const http = await signer.sign(new HttpRequest({ method, path, query: { ...query }, headers: { host: '127.0.0.1', ...headers }, body }));
  return { method, path, query, headers: Object.fromEntries(Object.entries(http.headers).map(([name, value]) => [name.toLowerCase(), value])), body };
}
