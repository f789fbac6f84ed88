import type { KmsKeyStateChanged } from '../../trace';
import { isBeingRescued } from '../registry-items';
import type { Rule } from '../rule';
import { movesOf, type Transition } from '../transitions';
import type { VersionView } from '../world';

/**
 * Invariant 6, the way back: keyturn takes a disable or a scheduled deletion back only in a rescue that the registry has announced, in an approved
 * repair, or, for a deletion, while the key is held, or frozen and the deletion not committed.
 */
export const rescues: Rule = ({ world, options, findings }) => {
  const effects = findings('6 a retirement is taken back by a rescue only', 'keyturn enabled no KMS key and cancelled no deletion');
  const moves = findings('6 a version returns by a rescue only', 'no retired version returned');

  function checkEffect({ key, version }: VersionView, event: KmsKeyStateChanged): void {
    effects.examined();
    const isCancelled = event.from === 'PendingDeletion' && event.to === 'Disabled';
    const isAnnounced = isBeingRescued(key.meta, version.number) || key.meta?.repair != null;
    const intent = key.meta?.intent;
    const isFrozenBeforeCommit = key.frozen !== undefined && intent?.kind === 'revoke' && intent.version === version.number;
    if (isAnnounced || (isCancelled && (key.held !== undefined || isFrozenBeforeCommit))) return;
    effects.violated(`${key.name} v${version.number}: keyturn made ${event.keyId} ${event.to}, from ${event.from}, and no rescue was announced`, [key.metaSeq, event.seq]);
  }

  function checkMoves(transition: Transition): void {
    const { key, before, ledger, moment } = transition;
    const type = ledger[0]?.entry?.type;
    for (const { version, from, to } of movesOf(transition)) {
      if (from !== 'DISABLED' && from !== 'REVOKED') continue;
      if (to !== 'DEPRECATED' && to !== 'DISABLED') continue;
      moves.examined();
      const isAnnounced = isBeingRescued(before, version);
      const isLegal = to === 'DEPRECATED' ? isAnnounced && type === 'VersionRescued' : type === 'DeletionCancelled' && (isAnnounced || before?.hold != null || before?.repair != null);
      if (!isLegal) moves.violated(`${key.name} v${version} returned from ${from} to ${to} by ${type ?? 'no event'}, and no rescue was announced`, [key.metaSeq, moment.seq]);
    }
  }

  return {
    onEvent(event) {
      if (event.type !== 'kms.key-state-changed' || !options.isKeyturn(event.actor)) return;
      if (event.from !== 'Disabled' && event.from !== 'PendingDeletion') return;
      if (event.to !== 'Enabled' && event.to !== 'Disabled') return;
      const view = world.versionOfKmsKey(event.keyId);
      if (view !== undefined) checkEffect(view, event);
    },
    onTransition(transition) {
      if (options.isKeyturn(transition.actor)) checkMoves(transition);
    },
  };
};
