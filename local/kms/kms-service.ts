import { notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import { AliasBook } from './alias-book';
import { aliasOperations } from './alias-operations';
import { authorizationOf, type KmsAuthorization } from './authorization';
import { realCryptography } from './cryptography/cryptography';
import { encryptionOperations } from './encryption-operations';
import { grantOperations } from './grants';
import { KeyDirectory } from './key-directory';
import { keyOperations } from './key-operations';
import { keyPolicyOperations } from './key-policy';
import { KeyRing, KMS_ITSELF } from './key-ring';
import type { KeyState } from './key-state-table';
import { connectKeyStore, keyStoreOperations } from './key-store-operations';
import { type ConnectionState, KeyStores } from './key-stores';
import { KeyUses } from './key-uses';
import type { KmsOptions } from './options';
import { RequestQuotas } from './request-quotas';
import type { Rooms } from './rooms';
import { secretOperations } from './secret-operations';
import { signingOperations } from './signing-operations';
import { tagOperations } from './tags';
import type { Operations } from './wire';

/** The true state of everything, for tables and tests. */
export interface KmsSnapshot {
  readonly keys: readonly {
    readonly id: string;
    readonly arn: string;
    readonly state: KeyState;
    readonly spec: string;
    readonly usage: string;
    readonly description: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly createdAtMs: number;
    readonly deletionAtMs?: number;
  }[];
  readonly aliases: readonly { readonly name: string; readonly targetKeyId: string }[];
}

/** AWS KMS in one account and Region: real cryptography, AWS's key states, names and messages. */
export class KmsService implements Service {
  private readonly rooms: Rooms;
  private readonly operations: Operations;
  private readonly quotas: RequestQuotas;

  constructor(options: KmsOptions) {
    const keyStores = new KeyStores();
    const keys = new KeyRing(options, keyStores);
    const aliases = new AliasBook(options);
    const directory = new KeyDirectory(options, keys, aliases);
    this.rooms = {
      options,
      cryptography: options.cryptography ?? realCryptography(),
      keyStores,
      keys,
      aliases,
      directory,
      uses: new KeyUses(options, directory),
    };
    this.operations = {
      ...keyOperations(this.rooms),
      ...keyPolicyOperations(this.rooms),
      ...aliasOperations(this.rooms),
      ...tagOperations(this.rooms),
      ...grantOperations(this.rooms),
      ...encryptionOperations(this.rooms),
      ...signingOperations(this.rooms),
      ...secretOperations(this.rooms),
      ...keyStoreOperations(this.rooms),
    };
    this.quotas = new RequestQuotas(options.timeline, options.requestQuotas ?? {});
  }

  /** @throws {AwsError} as KMS would answer; `NotModelledLocally` for an operation that is not emulated. */
  call(operation: string, input: unknown, caller: Caller): unknown {
    const run = Object.hasOwn(this.operations, operation) ? this.operations[operation] : undefined;
    if (run === undefined) throw notModelled(`the KMS operation ${operation}`);
    this.quotas.admit(operation);
    return run(input, caller);
  }

  /** What IAM must know of a call: the resources that it touches. Never throws. */
  authorizationOf(operation: string, input: unknown): KmsAuthorization {
    return authorizationOf(this.rooms, operation, input);
  }

  snapshot(): KmsSnapshot {
    const { aliases, keys } = this.rooms;
    return {
      keys: keys.all().map((key) => ({
        id: key.id,
        arn: key.arn,
        ...keys.truthOf(key),
        spec: key.spec,
        usage: key.usage,
        description: key.description,
        tags: Object.fromEntries(key.tags),
        createdAtMs: key.createdAtMs,
      })),
      aliases: aliases.all().map(({ name, targetKeyId }) => ({ name, targetKeyId })),
    };
  }

  /** A connected CloudHSM key store that was there before: its id is the one that a configuration names. */
  addKeyStore(id: string): void {
    const { keyStores, options } = this.rooms;
    keyStores.add({ id, name: id, clusterId: `cluster-${id.slice(-11)}`, createdAtMs: options.timeline.nowMs(), connectionState: 'CONNECTED' });
  }

  /** What happens to a CloudHSM cluster from outside. @throws {CustomKeyStoreNotFoundException} */
  setKeyStoreState(id: string, connectionState: ConnectionState): void {
    connectKeyStore(this.rooms, id, connectionState, KMS_ITSELF);
  }
}
