import { activeVersion } from '../../managed-key';
import type { KmsAliasChanged } from '../../trace';
import { legalTargets, Losses } from '../losses';
import type { Rule } from '../rule';
import { movesOf } from '../transitions';
import type { KeyView } from '../world';

/**
 * Invariant 3: keyturn points the alias to the ACTIVE version; between a promote intent and its commit to the old or the
 * new one; never back to a superseded one. keyturn points a version alias to its own version and never deletes one: KMS does, with the key.
 */
export const aliasFollowsActive: Rule = ({ world, options, findings, firstSeqOf }) => {
  const moves = findings('3 the alias follows the ACTIVE version', 'keyturn moved no alias of a managed key');
  const commits = findings('3 a promotion is committed with the alias on it', 'no promotion was committed');
  const versionAliases = findings('3 a version alias names its version', 'keyturn changed no version alias');
  const losses = new Losses({ options, firstSeqOf });

  function checkMain(key: KeyView, event: KmsAliasChanged): void {
    moves.examined();
    if (event.to !== null && (legalTargets(key).has(event.to) || losses.behind(event, key).some(({ targets }) => targets.has(event.to)))) return;
    const intent = key.meta?.intent?.kind === 'promote' ? `, with an open intent to promote v${key.meta.intent.version}` : '';
    const active = key.meta === undefined ? undefined : activeVersion(key.meta);
    moves.violated(
      `${key.name}: keyturn pointed ${event.alias} to ${describeTarget(key, event.to)}; ACTIVE is ${active === undefined ? 'none' : `v${active.number}`}${intent}`,
      [key.metaSeq, event.seq],
    );
  }

  function checkVersionAlias(event: KmsAliasChanged): void {
    const named = world.versionOfAlias(event.alias);
    if (named === undefined) return;
    versionAliases.examined();
    const { key, number, version } = named;
    const isLost = event.to !== null && losses.behind(event, key).some(({ versions }) => versions.get(number) === event.to);
    if (event.to !== version?.kmsKeyId && !isLost) {
      versionAliases.violated(`${key.name}: keyturn pointed ${event.alias} to ${describeTarget(key, event.to)}; v${number} has ${version?.kmsKeyId ?? 'no KMS key'}`, [
        key.metaSeq,
        event.seq,
      ]);
    }
  }

  return {
    onEvent(event) {
      if (event.type !== 'kms.alias-changed' || !options.isKeyturn(event.actor)) return;
      const key = world.keyOfAlias(event.alias);
      if (key === undefined) checkVersionAlias(event);
      else checkMain(key, event);
    },
    onTransition(transition) {
      const { key, actor, after, moment, versionsAfter } = transition;
      losses.onTransition(transition);
      if (after === undefined || !options.isKeyturn(actor)) return;
      const promoted = movesOf(transition).find((move) => move.from === 'PENDING' && move.to === 'ACTIVE');
      const alias = world.aliasChange(after.policy.alias);
      if (promoted === undefined || alias === undefined) return;
      commits.examined();
      const kmsKeyId = versionsAfter.get(promoted.version)?.kmsKeyId;
      // An alias that somebody else moved since is not keyturn's doing.
      if (alias.to !== kmsKeyId && options.isKeyturn(alias.actor)) {
        commits.violated(`${key.name}: v${promoted.version} was committed as ACTIVE while ${alias.alias} points to ${describeTarget(key, alias.to)}`, [alias.seq, moment.seq]);
      }
    },
  };
};

function describeTarget(key: KeyView, kmsKeyId: string | null): string {
  if (kmsKeyId === null) return 'nothing';
  const version = [...key.versions.values()].find((candidate) => candidate.kmsKeyId === kmsKeyId);
  return version === undefined ? `${kmsKeyId}, which is no version of it` : `v${version.number}, which is ${version.status}`;
}
