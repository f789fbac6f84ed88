import { z } from 'zod';
import type { Caller } from '../kernel/service';
import { kmsError } from './errors';
import { type Actor, actorOf, KMS_ITSELF } from './key-ring';
import type { ConnectionState } from './key-stores';
import { pageOf } from './paging';
import type { Rooms } from './rooms';
import { choice, epochSeconds, limit, marker, operation, type Operations, refused } from './wire';

const DEFAULT_PAGE = 100;
const XKS = 'external key stores';

const keyStoreId = z.string().min(1).max(64);
const keyStoreName = z.string().min(1).max(256);

/** Changes the connection of a key store, and with it the key state of its keys. @throws {CustomKeyStoreNotFoundException} */
export function connectKeyStore({ keys, keyStores }: Rooms, id: string, connectionState: ConnectionState, actor: Actor): void {
  const store = keyStores.get(id);
  const held = keys.all().filter((key) => key.keyStoreId === id);
  keys.change(held, actor, () => {
    store.connectionState = connectionState;
  });
}

export function keyStoreOperations(rooms: Rooms): Operations {
  const { keyStores, options } = rooms;
  const { newId, timeline, keyStoreConnectMs = 0 } = options;

  const assertState = (id: string, legal: readonly ConnectionState[], verb: string): void => {
    const { connectionState } = keyStores.get(id);
    if (legal.includes(connectionState)) return;
    throw kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${id} is ${connectionState} and cannot be ${verb}.`);
  };

  return {
    CreateCustomKeyStore: operation(
      z.object({
        CustomKeyStoreName: keyStoreName,
        CloudHsmClusterId: z.string().min(19).max(24),
        TrustAnchorCertificate: z.string().min(1).max(5000),
        KeyStorePassword: z.string().min(7).max(32),
        CustomKeyStoreType: choice(['AWS_CLOUDHSM'], ['EXTERNAL_KEY_STORE']).optional(),
        XksProxyConnectivity: refused(XKS),
        XksProxyUriEndpoint: refused(XKS),
      }),
      ({ CustomKeyStoreName, CloudHsmClusterId }) => {
        const stores = keyStores.all();
        if (stores.some(({ name }) => name === CustomKeyStoreName)) throw kmsError('CustomKeyStoreNameInUseException');
        if (stores.some(({ clusterId }) => clusterId === CloudHsmClusterId)) throw kmsError('CloudHsmClusterInUseException');
        const id = `cks-${newId().replaceAll('-', '').slice(0, 17)}`;
        keyStores.add({
          id,
          name: CustomKeyStoreName,
          clusterId: CloudHsmClusterId,
          createdAtMs: timeline.nowMs(),
          connectionState: 'DISCONNECTED',
        });
        return { CustomKeyStoreId: id };
      },
    ),

    ConnectCustomKeyStore: operation(z.object({ CustomKeyStoreId: keyStoreId }), ({ CustomKeyStoreId: id }, caller: Caller) => {
      assertState(id, ['DISCONNECTED'], 'connected');
      connectKeyStore(rooms, id, 'CONNECTING', actorOf(caller));
      timeline.after(keyStoreConnectMs, `connect ${id}`, () => {
        if (keyStores.get(id).connectionState === 'CONNECTING') connectKeyStore(rooms, id, 'CONNECTED', KMS_ITSELF);
      });
    }),

    DisconnectCustomKeyStore: operation(z.object({ CustomKeyStoreId: keyStoreId }), ({ CustomKeyStoreId: id }, caller: Caller) => {
      assertState(id, ['CONNECTED', 'FAILED'], 'disconnected');
      connectKeyStore(rooms, id, 'DISCONNECTED', actorOf(caller));
    }),

    DescribeCustomKeyStores: operation(
      z.object({ CustomKeyStoreId: keyStoreId.optional(), CustomKeyStoreName: keyStoreName.optional(), Limit: limit(1000), Marker: marker }),
      ({ CustomKeyStoreId, CustomKeyStoreName, Limit, Marker }) => {
        const wanted = (CustomKeyStoreId === undefined ? keyStores.all() : [keyStores.get(CustomKeyStoreId)]).filter(
          ({ name }) => CustomKeyStoreName === undefined || name === CustomKeyStoreName,
        );
        if (CustomKeyStoreName !== undefined && wanted.length === 0) {
          throw kmsError('CustomKeyStoreNotFoundException', `Custom key store ${CustomKeyStoreName} is not found.`);
        }
        const { items, rest } = pageOf(wanted, ({ id }) => id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return {
          CustomKeyStores: items.map((store) => ({
            CustomKeyStoreId: store.id,
            CustomKeyStoreName: store.name,
            CustomKeyStoreType: 'AWS_CLOUDHSM',
            CloudHsmClusterId: store.clusterId,
            ConnectionState: store.connectionState,
            CreationDate: epochSeconds(store.createdAtMs),
          })),
          ...rest,
        };
      },
    ),
  };
}
