import { createHash } from 'node:crypto';
import type * as Sdk from '@aws-sdk/client-kms';
import { Timeline } from '../../../local/kernel/clock';
import type { Caller } from '../../../local/kernel/service';
import { Trace } from '../../../local/kernel/trace';
import { realCryptography } from '../../../local/kms/cryptography/cryptography';
import type { Cryptography, Secret } from '../../../local/kms/cryptography/material';
import { KmsService } from '../../../local/kms/kms-service';
import type { KmsEvent, KmsOptions } from '../../../local/kms/options';

export const START_MS = Date.UTC(2026, 5, 1);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const ACCOUNT_ID = '111111111111';
export const REGION = 'eu-central-1';
export const UNKNOWN_KEY_ID = '00000000-0000-4000-8000-000000000000';

/** RSA keys take seconds to make, so that all tests of a file share one of each size. */
const real = realCryptography();
const rsa = new Map<string, Secret>();
export const cryptography: Cryptography = {
  ...real,
  generate(spec) {
    if (!spec.startsWith('RSA_')) return real.generate(spec);
    const secret = rsa.get(spec) ?? real.generate(spec);
    rsa.set(spec, secret);
    return secret;
  },
};

export const ALICE: Caller = { accountId: ACCOUNT_ID, arn: `arn:aws:iam::${ACCOUNT_ID}:user/alice`, userId: 'AIDAALICE', traceId: 'Root=1-alice' };

/** The SDK's type of an answer, as it is on the wire: time stamps are seconds, blobs are base64. Tests expect every member. */
type Wire<T> = T extends Date ? number : T extends Uint8Array ? string : T extends (infer Item)[] ? Wire<Item>[] : T extends object ? { [Name in keyof T]-?: Wire<Exclude<T[Name], undefined>> } : T;

interface Answers {
  CreateCustomKeyStore: Sdk.CreateCustomKeyStoreResponse;
  CreateGrant: Sdk.CreateGrantResponse;
  CreateKey: Sdk.CreateKeyResponse;
  Decapsulate: Sdk.DecapsulateResponse;
  Decrypt: Sdk.DecryptResponse;
  DeriveSharedSecret: Sdk.DeriveSharedSecretResponse;
  DescribeCustomKeyStores: Sdk.DescribeCustomKeyStoresResponse;
  DescribeKey: Sdk.DescribeKeyResponse;
  Encapsulate: Sdk.EncapsulateResponse;
  Encrypt: Sdk.EncryptResponse;
  GenerateDataKey: Sdk.GenerateDataKeyResponse;
  GenerateMac: Sdk.GenerateMacResponse;
  GetKeyLastUsage: Sdk.GetKeyLastUsageResponse;
  GetKeyPolicy: Sdk.GetKeyPolicyResponse;
  GenerateDataKeyPair: Sdk.GenerateDataKeyPairResponse;
  GetKeyRotationStatus: Sdk.GetKeyRotationStatusResponse;
  GetParametersForImport: Sdk.GetParametersForImportResponse;
  GetPublicKey: Sdk.GetPublicKeyResponse;
  ImportKeyMaterial: Sdk.ImportKeyMaterialResponse;
  ListAliases: Sdk.ListAliasesResponse;
  ListGrants: Sdk.ListGrantsResponse;
  ListKeyRotations: Sdk.ListKeyRotationsResponse;
  ListRetirableGrants: Sdk.ListGrantsResponse;
  ListKeys: Sdk.ListKeysResponse;
  ListResourceTags: Sdk.ListResourceTagsResponse;
  ReEncrypt: Sdk.ReEncryptResponse;
  Sign: Sdk.SignResponse;
  Verify: Sdk.VerifyResponse;
}

/** One KMS on a timeline of its own, whose ids are a function of how many were asked for. */
export class Kit {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly events: KmsEvent[] = [];
  readonly kms: KmsService;
  private ids = 0;

  constructor({ startMs = START_MS, ...options }: Partial<KmsOptions> & { readonly startMs?: number } = {}) {
    this.timeline = new Timeline(startMs);
    this.trace = new Trace(this.timeline);
    this.kms = new KmsService({
      timeline: this.timeline,
      trace: this.trace,
      accountId: ACCOUNT_ID,
      region: REGION,
      newId: () => this.newId(),
      onEvent: (event) => this.events.push(event),
      cryptography,
      ...options,
    });
  }

  call<Name extends keyof Answers>(operation: Name, input?: Readonly<Record<string, unknown>>, caller?: Caller): Wire<Answers[Name]>;
  call(operation: string, input?: Readonly<Record<string, unknown>>, caller?: Caller): unknown;
  call(operation: string, input: Readonly<Record<string, unknown>> = {}, caller: Caller = ALICE): unknown {
    return this.kms.call(operation, input, caller);
  }

  createKey(input: Readonly<Record<string, unknown>> = {}): string {
    return this.call('CreateKey', input).KeyMetadata.KeyId;
  }

  stateOf(keyId: string): string {
    return this.call('DescribeKey', { KeyId: keyId }).KeyMetadata.KeyState;
  }

  async pass(ms: number): Promise<void> {
    await this.timeline.runUntil(this.timeline.nowMs() + ms);
  }

  /** A connected CloudHSM key store. */
  async connectedKeyStore(): Promise<string> {
    const id = this.call('CreateCustomKeyStore', {
      CustomKeyStoreName: 'store',
      CloudHsmClusterId: 'cluster-3a23b4cdefg',
      TrustAnchorCertificate: 'certificate',
      KeyStorePassword: 'kmsPswd',
    }).CustomKeyStoreId;
    this.call('ConnectCustomKeyStore', { CustomKeyStoreId: id });
    await this.timeline.settle();
    return id;
  }

  /** Events of one type, without order and time. */
  traced(type: string): readonly Readonly<Record<string, unknown>>[] {
    return this.trace.events().flatMap((event) => {
      if (event.type !== type) return [];
      const { seq: _seq, atMs: _atMs, ...rest } = event;
      return [rest];
    });
  }

  private newId(): string {
    const hex = createHash('sha256').update(String(this.ids++)).digest('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
  }
}

export function keyArn(keyId: string): string {
  return `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/${keyId}`;
}

export function aliasArn(name: string): string {
  return `arn:aws:kms:${REGION}:${ACCOUNT_ID}:${name}`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Name and message of what `run` throws. */
export function refusal(run: () => unknown): { readonly name: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Name of the error of `run`, or `ok`. */
export function outcome(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
