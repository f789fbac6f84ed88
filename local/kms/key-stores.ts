import { kmsError } from './errors';

export type ConnectionState = 'CONNECTED' | 'CONNECTING' | 'FAILED' | 'DISCONNECTED' | 'DISCONNECTING';

/** A CloudHSM cluster as a key store. */
export interface KeyStore {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly createdAtMs: number;
  connectionState: ConnectionState;
}

/** All custom key stores. */
export class KeyStores {
  private readonly stores = new Map<string, KeyStore>();

  add(store: KeyStore): void {
    this.stores.set(store.id, store);
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
    return this.get(id).connectionState === 'CONNECTED';
  }
}
