import { KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { KmsKeyProvider } from '../../../lambdas/adapters/kms/kms-key-provider';
import type { WireResponse } from '../../../local/wire/message';
import { inProcessHandler } from '../../../local/wire/transport';

/** One answer of the stub: a response, or the failure of the connection, which it throws. */
export type Reply = (input: Readonly<Record<string, unknown>>) => WireResponse;

export interface StubbedKms {
  readonly keys: KmsKeyProvider;
  /** Every request that was sent, in order, as `[operation, input]`. */
  readonly calls: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
}

/** A provider whose service answers each operation from a script; the last reply of a list is given for ever. */
export function stubKms(script: Readonly<Record<string, Reply | readonly Reply[]>>): StubbedKms {
  const calls: [string, Readonly<Record<string, unknown>>][] = [];
  const requestHandler = inProcessHandler(async (request) => {
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? 'unknown';
    const input = JSON.parse(Buffer.from(request.body).toString()) as Readonly<Record<string, unknown>>;
    const times = calls.filter(([called]) => called === operation).length;
    calls.push([operation, input]);
    const replies = [script[operation] ?? []].flat();
    const reply = replies[Math.min(times, replies.length - 1)];
    if (reply === undefined) throw new Error(`the stub has no reply to ${operation}`);
    return reply(input);
  });
  // One attempt everywhere: the SDK's own retries would wait on real timers.
  const config = { region: 'eu-central-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, maxAttempts: 1, requestHandler };
  const kms = new KMSClient(config);
  return { keys: new KmsKeyProvider({ kms, tagging: new ResourceGroupsTaggingAPIClient(config) }), calls };
}

export function answers(body: object): Reply {
  return () => response(200, JSON.stringify(body));
}

/** Answers with what it computes from the request. */
export function computes(answer: (input: Readonly<Record<string, unknown>>) => object): Reply {
  return (input) => response(200, JSON.stringify(answer(input)));
}

export function fails(name: string, status = 400, message = 'what AWS says'): Reply {
  return () => response(status, JSON.stringify({ __type: name, message }));
}

/** Answers with text that is not the JSON it should be. */
export function garbles(status: number, text: string): Reply {
  return () => response(status, text);
}

/** The connection fails. */
export function breaks(code: string, name = 'Error'): Reply {
  return () => {
    throw Object.assign(new Error('the connection failed'), { code, name });
  };
}

function response(statusCode: number, text: string): WireResponse {
  return { statusCode, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from(text) };
}

export const KEY_ID = '11111111-2222-3333-4444-555555555555';
export const KEY_ARN = `arn:aws:kms:eu-central-1:111122223333:key/${KEY_ID}`;
export const OTHER_KEY_ID = '99999999-2222-3333-4444-555555555555';
export const OTHER_KEY_ARN = `arn:aws:kms:eu-central-1:111122223333:key/${OTHER_KEY_ID}`;

/** `KeyMetadata` on the wire; times are epoch seconds. */
export function metadata(changes: object = {}): { KeyMetadata: object } {
  return {
    KeyMetadata: {
      KeyId: KEY_ID,
      Arn: KEY_ARN,
      KeyState: 'Enabled',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Origin: 'AWS_KMS',
      MultiRegion: false,
      KeyManager: 'CUSTOMER',
      CreationDate: 1_775_001_600,
      ...changes,
    },
  };
}
