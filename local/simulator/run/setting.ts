import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { oneOf, type Random } from '../random';
import { ACCOUNT } from '../deployment';
import type { World } from '../world';
import { consumerRole } from './consumer';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** KMS records the use of keys since 2026-04-23: a run has evidence from its start. */
export const START_MS = Date.UTC(2026, 5, 1);
export const WINDOW_MS = DAY_S * 1000;

/** Kinds of keys that have a consumer here and whose cryptography is quick. */
const KINDS = [
  { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
  { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
  { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
  { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' },
  { spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' },
] as const;

const RETIREMENTS = [
  { retirement: 'delete', autoDelete: true },
  { retirement: 'delete', autoDelete: true },
  { retirement: 'delete', autoDelete: false },
  { retirement: 'disable', autoDelete: false },
  { retirement: 'keep', autoDelete: false },
] as const;

/** The policies of a run's keys, as varied as the configuration allows, with the shortest times that it allows. @param storeId of a key store, for keys that live in one */
export function policiesOf(count: number, random: Random, storeId: string | undefined): readonly KeyPolicy[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `key-${index + 1}`;
    const isInStore = storeId !== undefined && index === 0;
    const kind = isInStore ? KINDS[0] : oneOf(random, KINDS);
    return {
      name,
      alias: `alias/${name}`,
      owner: `team-${index + 1}`,
      description: `protects what ${name}-api has`,
      strategy: 'alias-swap',
      ...kind,
      origin: isInStore ? 'AWS_CLOUDHSM' : 'AWS_KMS',
      ...(isInStore && { keyStoreId: storeId }),
      rotateEverySeconds: DAY_S,
      anchor: '2026-06-01T00:00:00Z',
      startSpreadSeconds: 600,
      drainSeconds: 2 * HOUR_S,
      backupRetentionSeconds: 0,
      idleSeconds: HOUR_S,
      bakeSeconds: 2 * HOUR_S,
      ...oneOf(random, RETIREMENTS),
      deletionWindowDays: 7,
      emergencyDrainSeconds: 2 * HOUR_S,
      approvers: oneOf(random, [1, 1, 2]),
      approvalTimeoutSeconds: oneOf(random, [HOUR_S, 4 * HOUR_S]),
      maxAttempts: oneOf(random, [1, 2, 3]),
      dependents: random() < 0.6 ? [{ name: `${name}-api`, kind: 'event', principal: consumerRole(name), acknowledgeWithinSeconds: 2 * HOUR_S }] : [],
      tags: {},
    };
  });
}

/** A custom key store, connected. @returns its id */
export function makeKeyStore(world: World): string {
  const admin = { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/hsm-admin`, userId: 'AIDAHSM' };
  const { CustomKeyStoreId } = world.kms.call(
    'CreateCustomKeyStore',
    { CustomKeyStoreName: 'store', CloudHsmClusterId: 'cluster-3a23b4cdefg', TrustAnchorCertificate: 'certificate', KeyStorePassword: 'kmsPswd' },
    admin,
  ) as { CustomKeyStoreId: string };
  world.kms.call('ConnectCustomKeyStore', { CustomKeyStoreId }, admin);
  return CustomKeyStoreId;
}
