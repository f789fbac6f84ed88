import { activeVersion, versionOf, withVersion } from '../../../lambdas/domain/managed-key';
import { TaskError } from '../../../lambdas/domain/task-error';
import type { Plant } from './plant';
import { changed, saidYes, withPort, withWrites } from './replace';

/** How the alias moves, and what has to be true before and after. */
export const PROMOTION: readonly Plant[] = [
  {
    name: 'no-alias-read-back',
    off: 'an UpdateAlias without an answer counts as done, and the alias is not read back',
    faults: ['kms-internal-error', 'applied-late'],
    replacements: withPort(
      'keys',
      (real) => {
        let moved: string | undefined;
        return {
          moveAlias: async (alias, keyId) => {
            moved = keyId;
            await real.moveAlias(alias, keyId).catch((error: unknown) => {
              if (!(error instanceof TaskError) || error.name !== 'KmsOutcomeUnknown') throw error;
            });
          },
          aliasTarget: async (alias) => moved ?? real.aliasTarget(alias),
        };
      },
      'promote-key-version',
    ),
  },
  {
    name: 'commit-without-looking',
    off: 'an abort commits an open promotion without looking where the alias is',
    faults: ['kms-throttled'],
    replacements: {
      composition: (composition, name) => {
        if (name !== 'abort-safely') return composition;
        const registry = composition.registry();
        const keys = composition.keys();
        let intended: { readonly alias: string; readonly toKeyId: string } | undefined;
        return changed(composition, {
          registry: () =>
            changed(registry, {
              read: async (key) => {
                const reading = await registry.read(key);
                const intent = reading?.key.intent;
                intended = intent?.kind === 'promote' ? { alias: reading?.key.policy.alias ?? '', toKeyId: intent.toKeyId } : undefined;
                return reading;
              },
            }),
          keys: () => changed(keys, { describe: (key) => keys.describe(key === intended?.alias ? intended.toKeyId : key) }),
        });
      },
    },
  },
  {
    name: 'promotion-in-two-writes',
    off: 'the new version becomes ACTIVE in one write, and the old one DEPRECATED in a later one',
    replacements: withWrites((next, before) => {
      const old = activeVersion(before);
      return old === undefined || versionOf(next, old.number)?.status === 'ACTIVE' ? next : withVersion(next, old);
    }, 'promote-key-version'),
  },
  {
    name: 'not-ready-promoted',
    off: 'a promotion does not wait for the dependents to be ready',
    replacements: withPort('acknowledgements', (real) => ({ read: async (id) => saidYes(await real.read(id)) }), 'promote-key-version'),
  },
  {
    name: 'disabled-before-promotion',
    off: 'the old key is disabled while the alias still points to it',
    replacements: withPort(
      'keys',
      (real) => ({
        moveAlias: async (alias, keyId) => {
          const old = await real.aliasTarget(alias);
          if (old !== undefined) await real.disable(old);
          await real.moveAlias(alias, keyId);
        },
      }),
      'promote-key-version',
    ),
  },
];
