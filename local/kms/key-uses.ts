import type { KeyUsage } from '../../lambdas/contract/key-specs';
import { LAST_USAGE_LAG_SECONDS } from '../../lambdas/contract/timing';
import type { Caller } from '../kernel/service';
import { algorithmsOf } from './algorithms';
import { kmsError } from './errors';
import type { KmsKey } from './key';
import type { FoundKey, KeyDirectory } from './key-directory';
import { actorOf } from './key-ring';
import { assertStateAllows, type KeyOperation } from './key-state-table';
import type { KmsOptions } from './options';

/** A use is told from the full second on: a busy key has one write per second to remember, not one per call. */
const USE_RESOLUTION_MS = 1_000;

/** An alias, or the alias in its ARN. */
const ALIAS_REFERENCE = /^(?:arn:[^/]*:)?(alias\/.+)$/;

interface Touch {
  readonly alias: string | null;
  key: KmsKey | undefined;
}

/** The keys of one cryptographic operation, collected while it runs. */
export class KeysInUse {
  readonly touches: Touch[] = [];

  constructor(
    private readonly operation: KeyOperation,
    private readonly directory: KeyDirectory,
  ) {}

  /**
   * The key that the request names, able to serve the operation.
   * @throws {NotFoundException|DisabledException|KMSInvalidStateException|InvalidKeyUsageException}
   */
  named(text: string, usage: KeyUsage, algorithm: string): KmsKey {
    const alias = ALIAS_REFERENCE.exec(text)?.[1] ?? null;
    return this.use(alias, () => this.directory.find(text), usage, algorithm);
  }

  /** The key that a ciphertext names, able to serve the operation. @throws as {@link named} */
  ofCiphertext(keyId: string, usage: KeyUsage, algorithm: string): KmsKey {
    return this.use(null, () => this.directory.byId(keyId), usage, algorithm);
  }

  private use(alias: string | null, find: () => FoundKey, usage: KeyUsage, algorithm: string): KmsKey {
    const touch: Touch = { alias, key: undefined };
    this.touches.push(touch);
    const { key, shown } = find();
    touch.key = key;
    assertStateAllows(this.operation, shown.state, key.arn);
    if (key.usage !== usage) {
      throw kmsError('InvalidKeyUsageException', `${key.arn} key usage is ${key.usage} which is not valid for ${this.operation}.`);
    }
    if (!algorithmsOf(key.spec, key.usage).includes(algorithm)) {
      throw kmsError('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
    }
    return key;
  }
}

/** Tells the trace and `GetKeyLastUsage` about cryptographic operations. */
export class KeyUses {
  constructor(
    private readonly options: KmsOptions,
    private readonly directory: KeyDirectory,
  ) {}

  /** Runs a cryptographic operation and tells its outcome, once for every key that it touched. */
  during<Answer>(operation: KeyOperation, caller: Caller, work: (keys: KeysInUse) => Answer): Answer {
    const keys = new KeysInUse(operation, this.directory);
    try {
      const answer = work(keys);
      this.tell(operation, caller, keys, null);
      this.remember(operation, keys);
      return answer;
    } catch (error) {
      this.tell(operation, caller, keys, error instanceof Error ? error.name : 'Error');
      throw error;
    }
  }

  private tell(operation: string, caller: Caller, { touches }: KeysInUse, error: string | null): void {
    const told = touches.length > 0 ? touches : [{ alias: null, key: undefined }];
    for (const { alias, key } of told) {
      this.options.trace.emit({ type: 'kms.key-used', ...actorOf(caller), operation, keyId: key?.id ?? null, alias, error });
    }
  }

  private remember(operation: string, { touches }: KeysInUse): void {
    const { newId, timeline } = this.options;
    const requestId = newId();
    const atMs = timeline.nowMs();
    const delayMs = LAST_USAGE_LAG_SECONDS * 1_000 - (atMs % USE_RESOLUTION_MS);
    for (const { key } of touches) key?.lastUse.write({ operation, atMs, cloudTrailEventId: newId(), requestId }, delayMs);
  }
}
