import type { KeyPolicy } from '../../lambdas/contract/key-policy';

const DAY = 86_400;

/** A valid policy; tests change what they are about. */
export function policyOf(changes: Partial<KeyPolicy> = {}): KeyPolicy {
  const name = changes.name ?? 'orders';
  return {
    name,
    alias: `alias/${name}`,
    owner: 'team-orders',
    description: 'protects orders',
    strategy: 'alias-swap',
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    rotateEverySeconds: 90 * DAY,
    anchor: '2026-01-01T00:00:00Z',
    startSpreadSeconds: 3600,
    drainSeconds: 30 * DAY,
    backupRetentionSeconds: 0,
    idleSeconds: 15 * DAY,
    bakeSeconds: 7 * DAY,
    retirement: 'delete',
    autoDelete: true,
    deletionWindowDays: 30,
    emergencyDrainSeconds: 4 * 3600,
    approvers: 1,
    approvalTimeoutSeconds: 7 * DAY,
    maxAttempts: 3,
    dependents: [],
    tags: {},
    ...changes,
  };
}
