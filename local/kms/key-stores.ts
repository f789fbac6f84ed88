import { kmsError } from './errors';

export const CONNECTION_STATES = ['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** Why a CloudHSM key store could not be connected. @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CustomKeyStoresListEntry.html */
export const CONNECTION_ERROR_CODES = [
  'INVALID_CREDENTIALS',
  'CLUSTER_NOT_FOUND',
  'NETWORK_ERRORS',
  'INTERNAL_ERROR',
  'INSUFFICIENT_CLOUDHSM_HSMS',
  'USER_LOCKED_OUT',
  'USER_NOT_FOUND',
  'USER_LOGGED_IN',
  'SUBNET_NOT_FOUND',
  'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
] as const;
export type ConnectionErrorCode = (typeof CONNECTION_ERROR_CODES)[number];

/** A connection, and why it failed if it did. */
export type Connection = { readonly state: Exclude<ConnectionState, 'FAILED'> } | { readonly state: 'FAILED'; readonly errorCode: ConnectionErrorCode };

/** A CloudHSM cluster as a key store. */
export interface KeyStore {
  readonly id: string;
  name: string;
  clusterId: string;
  readonly trustAnchorCertificate: string;
  readonly createdAtMs: number;
  connection: Connection;
  /** When a connection that is being made or ended will be, ms since the epoch. */
  settlesAtMs?: number | undefined;
  /** With what every `ConnectCustomKeyStore` fails. */
  failsToConnectWith?: ConnectionErrorCode | undefined;
}

/** All custom key stores. */
export class KeyStores {
  private readonly stores = new Map<string, KeyStore>();

  add(store: KeyStore): void {
    this.stores.set(store.id, store);
  }

  delete(id: string): void {
    this.stores.delete(id);
  }

  all(): readonly KeyStore[] {
    return [...this.stores.values()];
  }

  /** @throws {CustomKeyStoreNotFoundException} */
  get(id: string): KeyStore {
    const store = this.stores.get(id);
    if (store === undefined) throw kmsError('CustomKeyStoreNotFoundException', `Custom key store ${id} is not found.`);
    return store;
  }

  isConnected(id: string): boolean {
    return this.get(id).connection.state === 'CONNECTED';
  }
}
