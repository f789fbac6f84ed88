import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import type { Caller } from '../../kernel/service';
import { consumerCall } from '../consumer-call';
import { ACCOUNT } from '../deployment';
import type { World } from '../world';

/** Something that a key has protected, as a consumer keeps it: with the id of the key that KMS named. */
interface Protected {
  readonly keyId: string;
  readonly blob: string;
}

const MESSAGE = Buffer.from('what a consumer protects').toString('base64');

/** The two operations of a usage; asymmetric data is verified by key id. */
const OPERATIONS: Readonly<Record<string, { protect: (target: string) => [string, object]; check: (data: Protected) => [string, object] }>> = {
  ENCRYPT_DECRYPT: {
    protect: (target) => ['Encrypt', { KeyId: target, Plaintext: MESSAGE }],
    check: ({ blob }) => ['Decrypt', { CiphertextBlob: blob }],
  },
  GENERATE_VERIFY_MAC: {
    protect: (target) => ['GenerateMac', { KeyId: target, Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_256' }],
    check: ({ keyId, blob }) => ['VerifyMac', { KeyId: keyId, Message: MESSAGE, Mac: blob, MacAlgorithm: 'HMAC_SHA_256' }],
  },
  SIGN_VERIFY: {
    protect: (target) => ['Sign', { KeyId: target, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' }],
    check: ({ keyId, blob }) => ['Verify', { KeyId: keyId, Message: MESSAGE, Signature: blob, SigningAlgorithm: 'ECDSA_SHA_256' }],
  },
};

/**
 * A service that uses a key all the time and keeps the consumers' contract. One that caches resolves the alias once per round and uses the answer
 * of the round before; everything that an older key protects is protected anew when a newer one is seen, or when a dependent is asked to let go.
 */
export class Consumer {
  private kept: Protected[] = [];
  private cached: string | undefined;
  private readonly caller: Caller;

  constructor(
    private readonly world: World,
    private readonly policy: KeyPolicy,
    private readonly isCaching: boolean,
  ) {
    const name = `${policy.name}-api`;
    this.caller = { accountId: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/i-1`, userId: `AROA${name.toUpperCase()}:i-1` };
  }

  /** Protects something, reads back the oldest and the newest of what it keeps, and moves on when nobody has to ask it to. */
  round(): void {
    const target = this.isCaching ? (this.cached ?? this.policy.alias) : this.policy.alias;
    this.protect(target);
    for (const data of [this.kept[0], this.kept.at(-1)]) if (data !== undefined) this.check(data);
    if (this.isCaching) this.cached = this.resolve();
    if (this.policy.dependents.length === 0) this.moveOn();
  }

  /** Protects anew what older keys protect: nothing of it is needed any more. */
  moveOn(): void {
    const newest = this.resolve();
    if (newest === undefined) return;
    this.cached = newest;
    const old = this.kept.filter(({ keyId }) => !keyId.endsWith(newest));
    this.kept = this.kept.filter((data) => !old.includes(data)).slice(-4);
    // One stands for all: what the key cannot open now is not thrown away.
    const oldest = old[0];
    if (oldest === undefined) return;
    if (this.check(oldest) && this.protect(newest)) return;
    this.kept = [...old, ...this.kept];
  }

  /** @returns whether it could */
  protect(target: string): boolean {
    const answer = this.call(...this.operations().protect(target)) as { KeyId: string; CiphertextBlob?: string; Mac?: string; Signature?: string } | undefined;
    if (answer === undefined) return false;
    this.kept.push({ keyId: answer.KeyId, blob: answer.CiphertextBlob ?? answer.Mac ?? answer.Signature ?? '' });
    return true;
  }

  private check(data: Protected): boolean {
    return this.call(...this.operations().check(data)) !== undefined;
  }

  private resolve(): string | undefined {
    const answer = this.call('DescribeKey', { KeyId: this.policy.alias }) as { KeyMetadata: { KeyId: string } } | undefined;
    return answer?.KeyMetadata.KeyId;
  }

  private call(operation: string, input: object): unknown {
    return consumerCall(this.world, this.caller, operation, input);
  }

  private operations() {
    const operations = OPERATIONS[this.policy.usage];
    if (operations === undefined) throw new Error(`The simulator has no consumer for ${this.policy.usage}`);
    return operations;
  }
}

/** Somebody protects something with a key that they know by its id. */
export function protectOnce(world: World, policy: KeyPolicy, keyId: string): void {
  new Consumer(world, { ...policy, name: `${policy.name}-job` }, false).protect(keyId);
}

/** The role that answers for a key's consumer. */
export function consumerRole(keyName: string): string {
  return `arn:aws:iam::${ACCOUNT}:role/apps/${keyName}-api`;
}

/** A session of it, as IAM vouches for it. */
export function consumerSession(keyName: string): string {
  return `arn:aws:sts::${ACCOUNT}:assumed-role/${keyName}-api/i-1`;
}

