import type { Clock } from '../kernel/clock';
import { kmsError } from './errors';

const SECOND_MS = 1_000;

/**
 * Requests per second, account and Region that AWS allows by default. Operations that are not named here share the cryptographic quotas
 * of 1,000 to 100,000, which nothing local comes near.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
 */
export const DEFAULT_REQUEST_QUOTAS: Readonly<Record<string, number>> = {
  CreateKey: 5,
  CreateAlias: 5,
  UpdateAlias: 5,
  EnableKey: 5,
  DisableKey: 5,
  CancelKeyDeletion: 5,
  UntagResource: 5,
  UpdateKeyDescription: 5,
  GetKeyLastUsage: 5,
  DisableKeyRotation: 5,
  RotateKeyOnDemand: 5,
  ReplicateKey: 5,
  UpdatePrimaryRegion: 5,
  DescribeCustomKeyStores: 5,
  ConnectCustomKeyStore: 5,
  DisconnectCustomKeyStore: 5,
  CreateCustomKeyStore: 5,
  UpdateCustomKeyStore: 5,
  DeleteCustomKeyStore: 5,
  TagResource: 10,
  ScheduleKeyDeletion: 15,
  DeleteAlias: 15,
  PutKeyPolicy: 15,
  EnableKeyRotation: 15,
  ImportKeyMaterial: 15,
  DeleteImportedKeyMaterial: 15,
  CreateGrant: 50,
  RetireGrant: 50,
  RevokeGrant: 50,
  ListGrants: 100,
  ListKeyPolicies: 100,
  ListKeyRotations: 100,
  ListRetirableGrants: 100,
  ListAliases: 500,
  ListKeys: 500,
  GetKeyPolicy: 1_000,
  GetKeyRotationStatus: 1_000,
  DescribeKey: 2_000,
  ListResourceTags: 2_000,
  GetPublicKey: 2_000,
};

/** Counts the requests of each operation over the last second. */
export class RequestQuotas {
  private readonly admitted = new Map<string, number[]>();

  /** @param perSecond asked anew with every request, so that quotas can be switched */
  constructor(
    private readonly clock: Clock,
    private readonly perSecond: () => Readonly<Record<string, number>>,
  ) {}

  /** @throws {ThrottlingException} when the operation's quota is used up; such a request does not count. */
  admit(operation: string): void {
    const quotas = this.perSecond();
    const quota = Object.hasOwn(quotas, operation) ? quotas[operation] : undefined;
    if (quota === undefined) return;
    const nowMs = this.clock.nowMs();
    const recent = this.admitted.get(operation) ?? [];
    this.admitted.set(operation, recent);
    while (recent[0] !== undefined && nowMs - recent[0] >= SECOND_MS) recent.shift();
    if (recent.length >= quota) {
      throw kmsError('ThrottlingException', 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.');
    }
    recent.push(nowMs);
  }
}
