import { createPublicKey, verify } from 'node:crypto';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import type { Tally } from './tally';

/** A service that uses a key all the time, by keyturn's contract for consumers. */
export interface Consumer {
  /** Produces through the alias and reads back some of what it has. */
  work(): Promise<void>;
  /** Stops needing what an older version protects. */
  moveToActiveVersion(): Promise<void>;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** How many of its records a consumer keeps, and how many it reads back each time. */
const KEPT = 24;
const READ_BACK = 3;

export function consumerOf(policy: KeyPolicy, kms: KMSClient, tally: Tally, hasCachedTarget: boolean): Consumer {
  switch (policy.usage) {
    case 'ENCRYPT_DECRYPT':
      return new EncryptingConsumer(policy, kms, tally, hasCachedTarget);
    case 'SIGN_VERIFY':
      return new SigningConsumer(policy, kms, tally);
    case 'GENERATE_VERIFY_MAC':
      return new MacConsumer(policy, kms, tally);
    default:
      throw new Error(`${policy.name}: the demo has no consumer for ${policy.usage}`);
  }
}

interface Sealed {
  readonly plaintext: string;
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
}

/** Encrypts records and decrypts older ones. One with a cached target finds out about a promotion one round later. */
class EncryptingConsumer implements Consumer {
  private records: Sealed[] = [];
  private round = 0;
  private cachedTarget: string | undefined;

  constructor(
    private readonly policy: KeyPolicy,
    private readonly kms: KMSClient,
    private readonly tally: Tally,
    private readonly hasCachedTarget: boolean,
  ) {}

  async work(): Promise<void> {
    const record = await this.seal(`${this.policy.name} record ${this.round++}`);
    if (record !== undefined) this.records = [...this.records, record].slice(-KEPT);
    for (let read = 0; read < READ_BACK; read++) await this.open(this.records[(this.round * 7 + read * 5) % this.records.length]);
    const newest = this.records.at(-1)?.keyArn;
    if (this.policy.dependents.length === 0 && this.records.some(({ keyArn }) => keyArn !== newest)) await this.moveToActiveVersion();
  }

  async moveToActiveVersion(): Promise<void> {
    const newest = (await this.seal('what is active now'))?.keyArn;
    const moved: Sealed[] = [];
    for (const record of this.records) {
      if (record.keyArn === newest) {
        moved.push(record);
        continue;
      }
      const plaintext = await this.open(record);
      const sealed = plaintext === undefined ? undefined : await this.seal(plaintext, this.policy.alias);
      moved.push(sealed ?? record);
    }
    this.records = moved;
  }

  private async seal(plaintext: string, target?: string): Promise<Sealed | undefined> {
    const keyId = target ?? (this.hasCachedTarget ? await this.target() : this.policy.alias);
    const answer = await this.tally.count(`${this.policy.name} Encrypt`, () => this.kms.send(new EncryptCommand({ KeyId: keyId, Plaintext: text(plaintext) })));
    return answer?.CiphertextBlob === undefined ? undefined : { plaintext, ciphertext: answer.CiphertextBlob, keyArn: answer.KeyId ?? '' };
  }

  private async open(record: Sealed | undefined): Promise<string | undefined> {
    if (record === undefined) return undefined;
    const answer = await this.tally.count(`${this.policy.name} Decrypt`, () => this.kms.send(new DecryptCommand({ CiphertextBlob: record.ciphertext })));
    if (answer === undefined) return undefined;
    if (new TextDecoder().decode(answer.Plaintext) !== record.plaintext) this.tally.wrong(`${this.policy.name} Decrypt gave another plaintext`);
    return record.plaintext;
  }

  /** The key that the alias pointed to when it was last asked: this round uses the answer of the round before. */
  private async target(): Promise<string> {
    const cached = this.cachedTarget;
    const answer = await this.tally.count(`${this.policy.name} DescribeKey`, () => this.kms.send(new DescribeKeyCommand({ KeyId: this.policy.alias })));
    this.cachedTarget = answer?.KeyMetadata?.Arn;
    return cached ?? this.policy.alias;
  }
}

interface Signed {
  readonly message: string;
  readonly signature: Uint8Array;
  readonly keyArn: string;
}

/** Signs through the alias and verifies by the key id that KMS returned; signatures of older versions with their public key. */
class SigningConsumer implements Consumer {
  private signatures: Signed[] = [];
  private readonly publicKeys = new Map<string, Uint8Array>();
  private round = 0;

  constructor(
    private readonly policy: KeyPolicy,
    private readonly kms: KMSClient,
    private readonly tally: Tally,
  ) {}

  async work(): Promise<void> {
    await this.sign(`${this.policy.name} release ${this.round++}`);
    const newest = this.signatures.at(-1)?.keyArn;
    for (let read = 0; read < READ_BACK; read++) {
      const signed = this.signatures[(this.round * 7 + read * 5) % this.signatures.length];
      if (signed !== undefined) await (signed.keyArn === newest ? this.verifyWithKms(signed) : this.verifyOffline(signed));
    }
  }

  /** Nothing to do: a signature stays valid, and its public key is at hand. */
  async moveToActiveVersion(): Promise<void> {
    await this.sign('what is active now');
  }

  private async sign(message: string): Promise<void> {
    const answer = await this.tally.count(`${this.policy.name} Sign`, () =>
      this.kms.send(new SignCommand({ KeyId: this.policy.alias, Message: text(message), SigningAlgorithm: 'ECDSA_SHA_256' })),
    );
    if (answer?.Signature === undefined || answer.KeyId === undefined) return;
    const keyArn = answer.KeyId;
    this.signatures = [...this.signatures, { message, signature: answer.Signature, keyArn }].slice(-KEPT);
    if (this.publicKeys.has(keyArn)) return;
    const publicKey = await this.tally.count(`${this.policy.name} GetPublicKey`, () => this.kms.send(new GetPublicKeyCommand({ KeyId: keyArn })));
    if (publicKey?.PublicKey !== undefined) this.publicKeys.set(keyArn, publicKey.PublicKey);
  }

  private async verifyWithKms({ message, signature, keyArn }: Signed): Promise<void> {
    await this.tally.count(`${this.policy.name} Verify`, () =>
      this.kms.send(new VerifyCommand({ KeyId: keyArn, Message: text(message), Signature: signature, SigningAlgorithm: 'ECDSA_SHA_256' })),
    );
  }

  private async verifyOffline({ message, signature, keyArn }: Signed): Promise<void> {
    const der = this.publicKeys.get(keyArn);
    await this.tally.count(`${this.policy.name} offline verify`, async () => {
      if (der === undefined) throw new Error('the public key was never fetched');
      const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
      if (!verify('sha256', text(message), key, signature)) throw new Error('the signature does not verify');
    });
  }
}

interface Tagged {
  readonly message: string;
  readonly mac: Uint8Array;
  readonly keyArn: string;
}

/** MACs through the alias and verifies by the key id that KMS returned, for ever: its versions are kept. */
class MacConsumer implements Consumer {
  private tags: Tagged[] = [];
  private round = 0;

  constructor(
    private readonly policy: KeyPolicy,
    private readonly kms: KMSClient,
    private readonly tally: Tally,
  ) {}

  async work(): Promise<void> {
    const algorithm = { MacAlgorithm: 'HMAC_SHA_256' } as const;
    const message = `${this.policy.name} session ${this.round++}`;
    const answer = await this.tally.count(`${this.policy.name} GenerateMac`, () =>
      this.kms.send(new GenerateMacCommand({ KeyId: this.policy.alias, Message: text(message), ...algorithm })),
    );
    if (answer?.Mac !== undefined && answer.KeyId !== undefined) this.tags.push({ message, mac: answer.Mac, keyArn: answer.KeyId });
    for (let read = 0; read < READ_BACK; read++) {
      const tag = this.tags[(this.round * 7 + read * 5) % this.tags.length];
      if (tag === undefined) continue;
      await this.tally.count(`${this.policy.name} VerifyMac`, () =>
        this.kms.send(new VerifyMacCommand({ KeyId: tag.keyArn, Message: text(tag.message), Mac: tag.mac, ...algorithm })),
      );
    }
  }

  async moveToActiveVersion(): Promise<void> {
    // A MAC stays where it is: its version is kept.
  }
}
