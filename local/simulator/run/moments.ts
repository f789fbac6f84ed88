import { ENV } from '../../../lambdas/contract/names';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { instantOf } from '../../../lambdas/domain/instant';
import { create as createReconcile } from '../../../lambdas/handlers/reconcile';
import { registerKeys } from '../../../lambdas/tasks/register-keys';
import { ACCOUNT, ENVIRONMENT, REPAIR_MACHINE_ARN, SILENT, STATE_MACHINE_ARN, TABLE } from '../deployment';
import type { World } from '../world';
import { attempt } from './chaos';
import { protectOnce } from './consumer';
import type { MomentFault } from './faults';
import { type OnCall, PEOPLE } from './people';

/** Somebody with rights in the account who is not keyturn. */
const OUTSIDER = { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/mallory`, userId: 'AIDAMALLORY' };

/** What a fault of a moment may reach. */
export interface Scene {
  readonly world: World;
  readonly policies: readonly KeyPolicy[];
  readonly onCall: OnCall;
  readonly storeId: string | undefined;
  /** What the table held a while ago. */
  readonly backup: () => readonly unknown[];
}

/** What comes to pass at a moment of the plan. The firings of the schedule are planned, not disturbed. @param ms how long it lasts */
export const MOMENTS: Readonly<Record<Exclude<MomentFault, `schedule-${string}`>, (scene: Scene, policy: KeyPolicy, ms: number) => void>> = {
  'table-restored': ({ world, backup }) => { restore(world, backup()); },
  'second-stack': ({ world, policies }, policy) => { void secondStack(world, policies, policy); },
  'key-store-disconnected': ({ world, storeId }, _policy, ms) => {
    if (storeId === undefined) return;
    attempt(() => world.kms.call('DisconnectCustomKeyStore', { CustomKeyStoreId: storeId }, OUTSIDER));
    world.timeline.after(ms, 'the key store is connected again', () => { attempt(() => world.kms.call('ConnectCustomKeyStore', { CustomKeyStoreId: storeId }, OUTSIDER)); });
  },
  'key-disabled-by-someone': ({ world }, policy, ms) => {
    const keyId = someKeyOf(world, policy, ms);
    if (keyId !== undefined) attempt(() => world.kms.call('DisableKey', { KeyId: keyId }, OUTSIDER));
  },
  'key-deletion-by-someone': ({ world }, policy, ms) => {
    const keyId = someKeyOf(world, policy, ms);
    if (keyId !== undefined) attempt(() => world.kms.call('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: 30 }, OUTSIDER));
  },
  'alias-moved-by-someone': ({ world }, policy, ms) => {
    const made = world.kms.call('CreateKey', { KeySpec: policy.spec, KeyUsage: policy.usage }, OUTSIDER) as { KeyMetadata: { KeyId: string } };
    const target = ms % 2 === 0 ? made.KeyMetadata.KeyId : (someKeyOf(world, policy, ms) ?? made.KeyMetadata.KeyId);
    attempt(() => world.kms.call('UpdateAlias', { AliasName: policy.alias, TargetKeyId: target }, OUTSIDER));
  },
  'old-key-in-use': ({ world }, policy, ms) => {
    const keyId = oldKeyOf(world, policy);
    if (keyId === undefined) return;
    for (let lateMs = 0; lateMs <= ms; lateMs += STRAGGLE_EVERY) world.timeline.after(lateMs, 'somebody uses an old key', () => { protectOnce(world, policy, keyId); });
  },
  'policy-changed': ({ world, policies }, policy, ms) => {
    const tightened = policies.map((one) => (one.name === policy.name ? { ...one, drainSeconds: one.drainSeconds + Math.floor(ms / 1000), bakeSeconds: one.bakeSeconds + Math.floor(ms / 1000), description: 'tightened' } : one));
    // A deployment that fails is tried again by whoever deploys, another time.
    void world.register(tightened).catch(() => undefined);
  },
  'code-deployed': ({ world }) => { world.startCold(); },
  'hold-set': ({ onCall, world }, { name }, ms) => {
    void onCall.post('operate', PEOPLE[2], { action: 'hold', key: name, reason: 'legal hold' });
    world.timeline.after(ms, 'the hold is released', () => { void onCall.post('operate', PEOPLE[2], { action: 'release', key: name, reason: 'no longer needed' }); });
  },
  'key-paused': ({ onCall, world }, { name }, ms) => {
    void onCall.post('operate', PEOPLE[2], { action: 'pause', key: name, reason: 'change freeze', until: instantOf(world.timeline.nowMs() + ms) });
  },
  'abort-requested': ({ onCall }, { name }) => { void onCall.post('operate', PEOPLE[1], { action: 'abort', key: name, reason: 'not now' }); },
  'rotation-requested': ({ onCall }, { name }) => { void onCall.post('request-rotation', PEOPLE[1], { action: 'rotate', key: name, reason: 'before the audit' }); },
  emergency: ({ onCall }, { name }) => { void onCall.askAndApprove('request-rotation', { action: 'emergency', key: name, reason: 'it leaked' }); },
  'execution-with-wrong-input': ({ world }, { name }, ms) => {
    const [stateMachineArn, prefix] = ms % 2 === 0 ? [STATE_MACHINE_ARN, ''] : [REPAIR_MACHINE_ARN, 'repair-'];
    attempt(() => world.states.call('StartExecution', { stateMachineArn, name: `${prefix}by-hand-${ms}`, input: JSON.stringify({ key: name, window: 'today' }) }));
  },
  'break-glass': ({ onCall }, { name }) => { void onCall.askAndApprove('decide', { action: 'break-glass', key: name, reason: 'it hangs' }); },
};

/** A job that knows a key by its id, and does not hear of rotations. */
const STRAGGLE_EVERY = 20 * 60_000;

/** The newest KMS key that the alias has left. */
function oldKeyOf(world: World, { alias }: KeyPolicy): string | undefined {
  const { aliases } = world.kms.snapshot();
  const active = aliases.find(({ name }) => name === alias)?.targetKeyId;
  const old = aliases.filter(({ name, targetKeyId }) => name.startsWith(`${alias}/v`) && targetKeyId !== active);
  return old.toSorted((one, other) => other.name.localeCompare(one.name, 'en', { numeric: true }))[0]?.targetKeyId ?? undefined;
}

/** Any of the KMS keys behind a managed key; which one, the step says. */
function someKeyOf(world: World, policy: KeyPolicy, ms: number): string | undefined {
  const { aliases } = world.kms.snapshot();
  const targets = aliases.flatMap(({ name, targetKeyId }) => (name === policy.alias || name.startsWith(`${policy.alias}/`) ? [targetKeyId] : []));
  return targets[ms % Math.max(1, targets.length)] ?? undefined;
}

/** All items of the registry, as a backup has them. */
export function itemsOf(world: World): readonly Readonly<Record<string, unknown>>[] {
  return (world.dynamodb.call('Scan', { TableName: TABLE, ConsistentRead: true }, OUTSIDER) as { Items: Readonly<Record<string, unknown>>[] }).Items;
}

/** Puts every item back to what it was, and takes away what came since. */
export function restore(world: World, backup: readonly unknown[]): void {
  for (const { pk, sk } of itemsOf(world)) world.dynamodb.call('DeleteItem', { TableName: TABLE, Key: { pk, sk } }, OUTSIDER);
  for (const item of backup) world.dynamodb.call('PutItem', { TableName: TABLE, Item: item }, OUTSIDER);
}

const SECOND_TABLE = 'second-registry';
const SECOND_ID = `${ACCOUNT}:eu-central-1:second`;

/** Another stack of keyturn in the same account, whose people try to register a key of the first, and which then reconciles. */
async function secondStack(world: World, policies: readonly KeyPolicy[], policy: KeyPolicy): Promise<void> {
  const environment = { ...ENVIRONMENT, [ENV.table]: SECOND_TABLE, [ENV.registryId]: SECOND_ID };
  const { Table } = world.dynamodb.call('DescribeTable', { TableName: TABLE }, OUTSIDER) as { Table: { AttributeDefinitions: object; KeySchema: object; GlobalSecondaryIndexes: { IndexName: string; KeySchema: object; Projection: object }[] } };
  const { AttributeDefinitions, KeySchema } = Table;
  const GlobalSecondaryIndexes = Table.GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keySchema, Projection }) => ({ IndexName, KeySchema: keySchema, Projection }));
  attempt(() => world.dynamodb.call('CreateTable', { TableName: SECOND_TABLE, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions, KeySchema, GlobalSecondaryIndexes }, OUTSIDER));
  const composition = world.composition('register-keys', environment);
  const register = registerKeys({ registry: composition.registry(), keys: composition.keys(), registryId: SECOND_ID });
  const other = { ...policies[0], ...policy, name: `${policy.name}-second` };
  // It is refused: the alias exists, and its key belongs to the first.
  await world.timeline.track(register({ policies: [other], at: instantOf(world.timeline.nowMs()), by: 'the second stack' })).catch(() => undefined);
  const reconcile = createReconcile(world.composition('reconcile', environment), SILENT);
  await world.timeline.track(reconcile({ scheduledTime: instantOf(world.timeline.nowMs()) }, { awsRequestId: 'second' })).catch(() => undefined);
}

