import { plusSeconds } from '../../../lambdas/domain/instant';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import type { ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Plant } from './plant';
import { changed, saidYes, withPort, withView, withWrites } from './replace';

const RETIRING = ['confirm-promotion', 'check-drain', 'disable-previous-version', 'check-bake', 'revoke-previous-version'] as const;

/** How an old version ends: after its drain and its bake, by evidence, and not while anything speaks against it. */
export const RETIREMENT: readonly Plant[] = [
  {
    name: 'no-drain',
    off: 'the old version is disabled without a drain',
    replacements: withView((key) => withPolicies(key, { drainSeconds: 0, backupRetentionSeconds: 0 }), ...RETIRING),
  },
  {
    name: 'no-bake',
    off: 'a disabled version is scheduled for deletion without a bake',
    replacements: withView((key) => withPolicies(key, { bakeSeconds: 0 }), ...RETIRING),
  },
  {
    name: 'drain-restarts',
    off: 'the deadline of a drain is set anew by every run that claims the key',
    replacements: withWrites((next, _before, at) => {
      const restarted = Object.entries(next.versions).map(([id, version]) => {
        const isDraining = version.status === 'DEPRECATED' && version.disableNotBefore !== undefined;
        return [id, isDraining ? { ...version, disableNotBefore: plusSeconds(at, next.policy.drainSeconds) } : version] as const;
      });
      return { ...next, versions: Object.fromEntries(restarted) };
    }, 'claim-rotation'),
  },
  {
    name: 'not-released-disabled',
    off: 'a version is disabled before its dependents have released it',
    faults: ['dependent-silent', 'dependent-says-no'],
    replacements: withPort('acknowledgements', (real) => ({ read: async (id) => saidYes(await real.read(id)) }), 'check-drain'),
  },
  {
    name: 'evidence-ignored',
    off: "KMS's record of the old key's use is not looked at",
    replacements: withPort('keys', () => ({ lastUsage: async () => ({ lastUsedAt: null, trackedSince: '2000-01-01T00:00:00.000Z' }) }), 'check-drain'),
  },
  {
    name: 'hold-ignored',
    off: 'a version is retired although the key is held',
    faults: ['hold-set'],
    replacements: withView((key) => ({ ...key, hold: null }), ...RETIRING),
  },
  {
    name: 'abort-revokes',
    off: 'an abort schedules the deletion of what the rotation had made',
    replacements: {
      composition: (composition, name) => {
        if (name !== 'abort-safely') return composition;
        const registry = composition.registry();
        const keys = composition.keys();
        const rollBack = async (key: ManagedKey): Promise<void> => {
          const made = Object.values(key.versions).filter(({ status, kmsKeyId }) => status === 'PENDING' && kmsKeyId !== undefined);
          for (const { kmsKeyId } of made) await keys.scheduleDeletion(kmsKeyId ?? '', 7);
        };
        return changed(composition, {
          registry: () =>
            changed(registry, {
              transact: async (key, decide) => {
                const aborted = await registry.transact(key, decide);
                await rollBack(aborted);
                return aborted;
              },
            }),
        });
      },
    },
  },
];

function withPolicies(key: ManagedKey, weaker: Partial<KeyPolicy>): ManagedKey {
  const { policy, lease } = key;
  return { ...key, policy: { ...policy, ...weaker }, lease: lease === null ? null : { ...lease, policy: { ...lease.policy, ...weaker } } };
}

