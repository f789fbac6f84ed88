import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { KEY_SPEC_NAMES, KEY_USAGES } from './algorithms';
import { WRAPPING_ALGORITHMS } from './cryptography/key-wrapping';
import { grantTerms } from './grant';
import { armExpiry } from './import-operations';
import type { KmsKey, LastUse, ShownState } from './key';
import { KeyMaterials, type MaterialRecord } from './key-materials';
import { armDeletion } from './key-operations';
import { armKeyStore } from './key-store-operations';
import { CONNECTION_ERROR_CODES } from './key-stores';
import { KEY_STATES } from './key-state-table';
import { Lagging } from './lagging';
import { keyArn } from './place';
import type { Rooms } from './rooms';
import { armRotation } from './rotation';
import { savedSwitches } from './switches';

const ms = z.number();
const bytes = z.codec(z.base64(), z.instanceof(Buffer), { decode: (text) => Buffer.from(text, 'base64'), encode: (buffer) => buffer.toString('base64') });

const written = <Value extends z.ZodType>(value: Value) => z.array(z.strictObject({ visibleAtMs: ms, value }));

const material = z.strictObject({
  id: z.string(),
  secret: bytes.optional(),
  rotation: z.strictObject({ type: z.enum(['AUTOMATIC', 'ON_DEMAND']), atMs: ms }).optional(),
  expiresAtMs: ms.optional(),
  description: z.string().optional(),
}) satisfies z.ZodType<MaterialRecord>;

const alias = z.strictObject({ name: z.string(), targetKeyId: z.string(), createdAtMs: ms, updatedAtMs: ms });
const shownState = z.strictObject({ state: z.enum(KEY_STATES), deletionAtMs: ms.optional() }) satisfies z.ZodType<ShownState>;
const lastUse = z.strictObject({ operation: z.string(), atMs: ms, cloudTrailEventId: z.string(), requestId: z.string() }) satisfies z.ZodType<LastUse>;

const key = z.strictObject({
  id: z.string(),
  spec: z.enum(KEY_SPEC_NAMES),
  usage: z.enum(KEY_USAGES),
  origin: z.enum(['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM']),
  keyStoreId: z.string().optional(),
  isMultiRegion: z.boolean(),
  createdAtMs: ms,
  materials: z.strictObject({ associated: z.array(material), pending: material.optional() }),
  description: z.string(),
  policy: z.string(),
  lifecycle: z.union([z.strictObject({ phase: z.enum(['Enabled', 'Disabled']) }), z.strictObject({ phase: z.literal('PendingDeletion'), deletionAtMs: ms })]),
  rotation: z.strictObject({
    automatic: z.strictObject({ periodDays: z.number(), nextAtMs: ms }).optional(),
    onDemandCount: z.number(),
    onDemandSinceMs: ms.optional(),
    onDemandDoneAtMs: ms.optional(),
  }),
  importTokens: z.array(z.tuple([z.string(), z.strictObject({ algorithm: z.enum(WRAPPING_ALGORITHMS), wrappingKey: bytes, validToMs: ms })])),
  tags: z.array(z.tuple([z.string(), z.string()])),
  grants: z.array(z.strictObject({ id: z.string(), terms: grantTerms, createdAtMs: ms, activeAtMs: ms })),
  shown: written(shownState),
  lastUse: written(lastUse),
});

const keyStore = z.strictObject({
  id: z.string(),
  name: z.string(),
  clusterId: z.string(),
  trustAnchorCertificate: z.string(),
  createdAtMs: ms,
  connection: z.union([
    z.strictObject({ state: z.enum(['CONNECTED', 'CONNECTING', 'DISCONNECTED', 'DISCONNECTING']) }),
    z.strictObject({ state: z.literal('FAILED'), errorCode: z.enum(CONNECTION_ERROR_CODES) }),
  ]),
  settlesAtMs: ms.optional(),
  failsToConnectWith: z.enum(CONNECTION_ERROR_CODES).optional(),
});

const kmsState = z.strictObject({
  switches: savedSwitches,
  keyStores: z.array(keyStore),
  keys: z.array(key),
  aliases: z.array(z.strictObject({ name: z.string(), current: alias.nullable(), shown: written(alias.nullable()) })),
});

/** Everything that a later run needs: also what readers do not see yet. Requests that count against a quota are not saved. */
export function saveKms({ aliases, keys, keyStores, switches }: Rooms): Json {
  const saved = kmsState.encode({
    switches: switches.saved(),
    keyStores: [...keyStores.all()],
    keys: keys.all().map(({ arn: _arn, materials, importTokens, tags, grants, shown, lastUse: use, ...others }) => ({
      ...others,
      materials: { associated: [...materials.saved().associated], pending: materials.saved().pending },
      importTokens: [...importTokens],
      tags: [...tags],
      grants: [...grants.values()],
      shown: [...shown.saved()],
      lastUse: [...use.saved()],
    })),
    aliases: aliases.saved().map(({ name, current, shown }) => ({ name, current, shown: [...shown] })),
  });
  // Members without a value are not JSON.
  return JSON.parse(JSON.stringify(saved)) as Json;
}

/** @throws {Error} for what no KMS has saved. */
export function loadKms(rooms: Rooms, json: Json): void {
  const { aliases, cryptography, keys, keyStores, options, switches } = rooms;
  const { timeline } = options;
  const saved = kmsState.decode(json as z.input<typeof kmsState>);
  switches.apply(saved.switches);
  for (const store of saved.keyStores) {
    keyStores.add(store);
    armKeyStore(rooms, store);
  }
  for (const { materials, importTokens, tags, grants, shown, lastUse: use, ...others } of saved.keys) {
    const restored: KmsKey = {
      ...others,
      arn: keyArn(options, others.id),
      materials: new KeyMaterials({ keyId: others.id, spec: others.spec, origin: others.origin }, cryptography, materials),
      importTokens: new Map(importTokens),
      tags: new Map(tags),
      grants: new Map(grants.map((grant) => [grant.id, grant])),
      shown: new Lagging(timeline, shown),
      lastUse: new Lagging(timeline, use),
    };
    keys.restore(restored);
    armDeletion(rooms, restored);
    armRotation(rooms, restored);
    armExpiry(rooms, restored);
  }
  aliases.restore(saved.aliases);
}
