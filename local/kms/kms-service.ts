import type { Json } from '../../lambdas/domain/trace';
import { isAnswerOfAws, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import { AliasBook } from './alias-book';
import { aliasOperations } from './alias-operations';
import { authorizationOf, type KmsAuthorization } from './authorization';
import { realCryptography } from './cryptography/cryptography';
import { dataKeyOperations } from './data-key-operations';
import { encryptionOperations } from './encryption-operations';
import { grantOperations } from './grants';
import { KeyDirectory } from './key-directory';
import { importOperations } from './import-operations';
import { keyOperations } from './key-operations';
import { keyPolicyOperations } from './key-policy';
import { KeyRing, KMS_ITSELF } from './key-ring';
import type { KeyState } from './key-state-table';
import { connectionOf, connectKeyStore, keyStoreOperations } from './key-store-operations';
import { type ConnectionState, KeyStores } from './key-stores';
import { KeyUses } from './key-uses';
import { loadKms, saveKms } from './kms-state';
import { multiRegionOperations } from './multi-region-operations';
import type { KmsCall, KmsOptions } from './options';
import { RequestQuotas } from './request-quotas';
import type { Rooms } from './rooms';
import { armRotation } from './rotation';
import { rotationOperations } from './rotation-operations';
import { secretOperations } from './secret-operations';
import { signingOperations } from './signing-operations';
import { parseSwitches, Switches, type SwitchesReading } from './switches';
import { tagOperations } from './tags';
import { Timers } from './timers';
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
    readonly deletionAtMs?: number | undefined;
  }[];
  readonly aliases: readonly { readonly name: string; readonly targetKeyId: string }[];
}

/** AWS KMS in one account and Region: real cryptography, AWS's key states, names and messages. */
export class KmsService implements Service, Stateful {
  private readonly rooms: Rooms;
  private readonly operations: Operations;
  private readonly quotas: RequestQuotas;

  constructor(options: KmsOptions) {
    const switches = new Switches(options);
    const keyStores = new KeyStores();
    const keys = new KeyRing(options, switches, keyStores);
    const aliases = new AliasBook(options, switches);
    const directory = new KeyDirectory(options, keys, aliases);
    this.rooms = {
      options,
      switches,
      timers: new Timers(options.timeline),
      cryptography: options.cryptography ?? realCryptography(),
      keyStores,
      keys,
      aliases,
      directory,
      uses: new KeyUses(options, directory),
    };
    keys.onStateChange((key) => {
      armRotation(this.rooms, key);
    });
    this.operations = {
      ...keyOperations(this.rooms),
      ...keyPolicyOperations(this.rooms),
      ...rotationOperations(this.rooms),
      ...importOperations(this.rooms),
      ...multiRegionOperations(this.rooms),
      ...aliasOperations(this.rooms),
      ...tagOperations(this.rooms),
      ...grantOperations(this.rooms),
      ...encryptionOperations(this.rooms),
      ...dataKeyOperations(this.rooms),
      ...signingOperations(this.rooms),
      ...secretOperations(this.rooms),
      ...keyStoreOperations(this.rooms),
    };
    this.quotas = new RequestQuotas(options.timeline, () => switches.requestQuotas());
  }

  /** @throws {AwsError} as KMS would answer; `NotModelledLocally` for an operation that is not emulated. */
  call(operation: string, input: unknown, caller: Caller): unknown {
    const run = Object.hasOwn(this.operations, operation) ? this.operations[operation] : undefined;
    if (run === undefined) throw notModelled(`the KMS operation ${operation}`);
    try {
      this.quotas.admit(operation);
      const answer = run(input, caller);
      this.tell({ operation, input, caller, answer });
      return answer;
    } catch (error) {
      if (isAnswerOfAws(error)) this.tell({ operation, input, caller, error });
      throw error;
    }
  }

  private tell(call: Omit<KmsCall, 'keyArns'>): void {
    this.rooms.options.onCall?.({ ...call, keyArns: () => this.authorizationOf(call.operation, call.input).keys.map(({ arn }) => arn) });
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

  save(): Json {
    return saveKms(this.rooms);
  }

  load(saved: Json): void {
    loadKms(this.rooms, saved);
  }

  /**
   * Switches how this KMS behaves where AWS is free to: visibility delays, request quotas, durations, connections of key stores. What is
   * not named stays as it was; everything is applied or nothing is.
   * @throws {AwsError} `ValidationException` for a switch that there is not; `CustomKeyStoreNotFoundException`.
   */
  configure(switches: unknown): void {
    const { keyStores: stores = {}, ...others } = parseSwitches(switches);
    for (const id of Object.keys(stores)) this.rooms.keyStores.get(id);
    this.rooms.switches.apply(others);
    for (const [id, { connectionState, connectionErrorCode, failsToConnectWith }] of Object.entries(stores)) {
      if (failsToConnectWith !== undefined) this.rooms.keyStores.get(id).failsToConnectWith = failsToConnectWith ?? undefined;
      if (connectionState !== undefined) connectKeyStore(this.rooms, id, connectionOf(connectionState, connectionErrorCode), KMS_ITSELF);
    }
  }

  /** What `configure` can change, as it is now. */
  switches(): SwitchesReading {
    const stores = this.rooms.keyStores.all().map(({ id, connection, failsToConnectWith = null }) => {
      const { state: connectionState } = connection;
      return [id, { connectionState, ...(connection.state === 'FAILED' && { connectionErrorCode: connection.errorCode }), failsToConnectWith }] as const;
    });
    return { ...this.rooms.switches.read(), keyStores: Object.fromEntries(stores) };
  }

  /** A connected CloudHSM key store that was there before: its id is the one that a configuration names. */
  addKeyStore(id: string): void {
    const { keyStores, options } = this.rooms;
    keyStores.add({
      id,
      name: id,
      clusterId: `cluster-${id.slice(-11)}`,
      trustAnchorCertificate: 'local',
      createdAtMs: options.timeline.nowMs(),
      connection: { state: 'CONNECTED' },
    });
  }

  /** What happens to a CloudHSM cluster from outside. @throws {CustomKeyStoreNotFoundException} */
  setKeyStoreState(id: string, connectionState: ConnectionState): void {
    connectKeyStore(this.rooms, id, connectionOf(connectionState), KMS_ITSELF);
  }
}
