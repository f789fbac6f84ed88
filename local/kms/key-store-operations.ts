import { z } from 'zod';
import { kmsError } from './errors';
import { type Actor, actorOf, KMS_ITSELF } from './key-ring';
import type { Connection, ConnectionState, KeyStore } from './key-stores';
import { pageOf } from './paging';
import type { Rooms } from './rooms';
import { choice, epochSeconds, limit, marker, operation, type Operations, refused } from './wire';

const DEFAULT_PAGE = 100;
/** @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const MAX_KEY_STORES = 10;
const XKS = 'external key stores';

const keyStoreId = z.string().min(1).max(64);
const keyStoreName = z.string().min(1).max(256);
const clusterId = z.string().min(19).max(24).regex(/^cluster-[2-7a-zA-Z]{11,16}$/);
const password = z.string().min(7).max(32);
const externalMembers = {
  XksProxyUriEndpoint: refused(XKS),
  XksProxyUriPath: refused(XKS),
  XksProxyVpcEndpointServiceName: refused(XKS),
  XksProxyVpcEndpointServiceOwner: refused(XKS),
  XksProxyAuthenticationCredential: refused(XKS),
  XksProxyConnectivity: refused(XKS),
};

/** Changes the connection of a key store, and with it the key state of its keys. @throws {CustomKeyStoreNotFoundException} */
export function connectKeyStore({ keys, keyStores, timers }: Rooms, id: string, connection: Connection, actor: Actor): void {
  const store = keyStores.get(id);
  const held = keys.all().filter((key) => key.keyStoreId === id);
  timers.clear(timerOf(id));
  store.settlesAtMs = undefined;
  keys.change(held, actor, () => {
    store.connection = connection;
  });
}

/** Sets the end of a connection that is being made or ended. */
export function armKeyStore(rooms: Rooms, { id, settlesAtMs }: KeyStore): void {
  if (settlesAtMs === undefined) return;
  rooms.timers.set(timerOf(id), settlesAtMs, () => {
    const { connection, failsToConnectWith } = rooms.keyStores.get(id);
    connectKeyStore(rooms, id, outcomeOf(connection.state, failsToConnectWith), KMS_ITSELF);
  });
}

function outcomeOf(state: ConnectionState, failsToConnectWith: KeyStore['failsToConnectWith']): Connection {
  if (state === 'DISCONNECTING') return { state: 'DISCONNECTED' };
  return failsToConnectWith === undefined ? { state: 'CONNECTED' } : { state: 'FAILED', errorCode: failsToConnectWith };
}

function timerOf(id: string): string {
  return `connection of ${id}`;
}

const createCustomKeyStoreRequest = z.object({
  CustomKeyStoreName: keyStoreName,
  CloudHsmClusterId: clusterId.optional(),
  TrustAnchorCertificate: z.string().min(1).max(5000).optional(),
  KeyStorePassword: password.optional(),
  CustomKeyStoreType: choice(['AWS_CLOUDHSM'], ['EXTERNAL_KEY_STORE']).optional(),
  ...externalMembers,
});
const connectCustomKeyStoreRequest = z.object({ CustomKeyStoreId: keyStoreId });
const disconnectCustomKeyStoreRequest = z.object({ CustomKeyStoreId: keyStoreId });
const updateCustomKeyStoreRequest = z.object({ CustomKeyStoreId: keyStoreId, NewCustomKeyStoreName: keyStoreName.optional(), KeyStorePassword: password.optional(), CloudHsmClusterId: clusterId.optional(), ...externalMembers });
const deleteCustomKeyStoreRequest = z.object({ CustomKeyStoreId: keyStoreId });
const describeCustomKeyStoresRequest = z.object({ CustomKeyStoreId: keyStoreId.optional(), CustomKeyStoreName: keyStoreName.optional(), Limit: limit(1000), Marker: marker });

export function keyStoreOperations(rooms: Rooms): Operations {
  const { keys, keyStores, options, switches } = rooms;
  const { newId, timeline } = options;

  const assertState = (id: string, legal: readonly ConnectionState[], verb: string): KeyStore => {
    const store = keyStores.get(id);
    if (legal.includes(store.connection.state)) return store;
    throw kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${id} is ${store.connection.state} and cannot be ${verb}.`);
  };
  const assertNameIsFree = (name: string): void => {
    if (keyStores.all().some((store) => store.name === name)) throw kmsError('CustomKeyStoreNameInUseException');
  };
  const settleLater = (store: KeyStore, delayMs: number): void => {
    store.settlesAtMs = timeline.nowMs() + delayMs;
    armKeyStore(rooms, store);
  };

  return {
    CreateCustomKeyStore: operation(
      createCustomKeyStoreRequest,
      ({ CustomKeyStoreName, CloudHsmClusterId, TrustAnchorCertificate, KeyStorePassword }) => {
        if (CloudHsmClusterId === undefined || TrustAnchorCertificate === undefined || KeyStorePassword === undefined) {
          throw kmsError('ValidationException', 'A CloudHSM key store needs CloudHsmClusterId, TrustAnchorCertificate and KeyStorePassword.');
        }
        assertNameIsFree(CustomKeyStoreName);
        const stores = keyStores.all();
        if (stores.some((store) => store.clusterId === CloudHsmClusterId)) throw kmsError('CloudHsmClusterInUseException');
        if (stores.length >= MAX_KEY_STORES) throw kmsError('LimitExceededException', `Custom key stores quota for this account in this region is ${String(MAX_KEY_STORES)}.`);
        const id = `cks-${newId().replaceAll('-', '').slice(0, 17)}`;
        keyStores.add({
          id,
          name: CustomKeyStoreName,
          clusterId: CloudHsmClusterId,
          trustAnchorCertificate: TrustAnchorCertificate,
          createdAtMs: timeline.nowMs(),
          connection: { state: 'DISCONNECTED' },
        });
        return { CustomKeyStoreId: id };
      },
    ),

    ConnectCustomKeyStore: operation(connectCustomKeyStoreRequest, ({ CustomKeyStoreId: id }, caller) => {
      const store = assertState(id, ['CONNECTED', 'CONNECTING', 'DISCONNECTED'], 'connected');
      if (store.connection.state === 'DISCONNECTED') {
        connectKeyStore(rooms, id, { state: 'CONNECTING' }, actorOf(caller));
        settleLater(store, switches.durationMs('keyStoreConnectMs'));
      }
      return {};
    }),

    DisconnectCustomKeyStore: operation(disconnectCustomKeyStoreRequest, ({ CustomKeyStoreId: id }, caller) => {
      const store = assertState(id, ['CONNECTED', 'CONNECTING', 'FAILED'], 'disconnected');
      const delayMs = switches.durationMs('keyStoreDisconnectMs');
      connectKeyStore(rooms, id, { state: delayMs === 0 ? 'DISCONNECTED' : 'DISCONNECTING' }, actorOf(caller));
      if (delayMs > 0) settleLater(store, delayMs);
      return {};
    }),

    UpdateCustomKeyStore: operation(
      updateCustomKeyStoreRequest,
      ({ CustomKeyStoreId: id, NewCustomKeyStoreName: name, KeyStorePassword, CloudHsmClusterId }) => {
        const isNameOnly = KeyStorePassword === undefined && CloudHsmClusterId === undefined;
        const store = assertState(id, isNameOnly ? ['CONNECTED', 'DISCONNECTED'] : ['DISCONNECTED'], 'updated');
        if (name !== undefined && name !== store.name) {
          assertNameIsFree(name);
          store.name = name;
        }
        if (CloudHsmClusterId !== undefined) store.clusterId = CloudHsmClusterId;
        return {};
      },
    ),

    DeleteCustomKeyStore: operation(deleteCustomKeyStoreRequest, ({ CustomKeyStoreId: id }) => {
      assertState(id, ['DISCONNECTED'], 'deleted');
      if (keys.all().some((key) => key.keyStoreId === id)) throw kmsError('CustomKeyStoreHasCMKsException', `Custom key store ${id} contains KMS keys.`);
      keyStores.delete(id);
      return {};
    }),

    DescribeCustomKeyStores: operation(
      describeCustomKeyStoresRequest,
      ({ CustomKeyStoreId, CustomKeyStoreName, Limit, Marker }) => {
        const wanted = (CustomKeyStoreId === undefined ? keyStores.all() : [keyStores.get(CustomKeyStoreId)]).filter(
          ({ name }) => CustomKeyStoreName === undefined || name === CustomKeyStoreName,
        );
        if (CustomKeyStoreName !== undefined && wanted.length === 0) {
          throw kmsError('CustomKeyStoreNotFoundException', `Custom key store ${CustomKeyStoreName} is not found.`);
        }
        const { items, rest } = pageOf(wanted, ({ id }) => id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return { CustomKeyStores: items.map(description), ...rest };
      },
    ),
  };
}

function description({ id, name, clusterId: CloudHsmClusterId, trustAnchorCertificate, createdAtMs, connection }: KeyStore): Readonly<Record<string, unknown>> {
  return {
    CustomKeyStoreId: id,
    CustomKeyStoreName: name,
    CustomKeyStoreType: 'AWS_CLOUDHSM',
    CloudHsmClusterId,
    TrustAnchorCertificate: trustAnchorCertificate,
    ConnectionState: connection.state,
    ...(connection.state === 'FAILED' && { ConnectionErrorCode: connection.errorCode }),
    CreationDate: epochSeconds(createdAtMs),
  };
}

/** Reads a connection state that a person or a test has set; a failed one without a code failed inside of KMS. */
export function connectionOf(state: ConnectionState, errorCode: KeyStore['failsToConnectWith'] = 'INTERNAL_ERROR'): Connection {
  return state === 'FAILED' ? { state, errorCode } : { state };
}
