import type { KmsAliasChanged, KmsKeyStateChanged, KmsKeyUsed } from '../../trace';
import type { VersionStatus } from '../../version-status';
import type { Rule } from '../rule';
import type { KeyView, VersionView } from '../world';
import { UNSEEN_IN_KMS_MS } from './retirement';

/** Errors that say that the key behind the call is not there or not usable. */
export const UNUSABLE: ReadonlySet<string> = new Set(['DisabledException', 'KMSInvalidStateException', 'NotFoundException', 'KeyUnavailableException']);

/** Versions whose ciphertext and signatures must still be good. */
const LIVING: ReadonlySet<VersionStatus> = new Set(['ACTIVE', 'DEPRECATED']);

/**
 * Invariant 5 and the consumers' contract: no call through the alias fails because of keyturn, and whatever was protected
 * decrypts and verifies by its key until its version is DISABLED.
 */
export const consumersUnharmed: Rule = ({ world, options, findings }) => {
  const throughAlias = findings('5 the alias always works', 'no consumer used the alias of a managed key');
  const byKey = findings('5 old data is readable until its version is disabled', "no consumer used a living version's key by its id");
  const permitted = findings('5 a promotion takes no permission away', 'no consumer used an alias before and after keyturn moved it');
  /** By consumer, operation and alias: the last success, and the alias move since which there was a call. */
  const lastSuccess = new Map<string, { seq: number; aliasSeq: number | undefined }>();

  function checkAliasUse(key: KeyView, use: KmsKeyUsed): void {
    if (!key.isBootstrapped) return;
    throughAlias.examined();
    if (use.error === null || !UNUSABLE.has(use.error)) return;
    const alias = use.alias === null ? undefined : world.aliasChange(use.alias);
    const cause = causeOf(alias, use.keyId === null ? undefined : world.harmTo(use.keyId));
    // Where somebody else pointed the alias, it works only as well as they chose, whoever made that key unusable.
    if (cause === undefined || !options.isKeyturn(cause.actor) || (alias !== undefined && !options.isKeyturn(alias.actor))) return;
    throughAlias.violated(`${key.name}: ${use.operation} through ${use.alias ?? ''} by ${use.actor} failed with ${use.error}`, [cause.seq, use.seq]);
  }

  function checkKeyUse({ key, version }: VersionView, use: KmsKeyUsed): void {
    const isRetiring = key.meta?.intent?.kind === 'disable' && key.meta.intent.version === version.number;
    if (!LIVING.has(version.status) || isRetiring) return;
    byKey.examined();
    const state = use.keyId === null ? undefined : world.harmTo(use.keyId);
    if (use.error === null || !UNUSABLE.has(use.error) || state === undefined || !options.isKeyturn(state.actor)) return;
    if (key.putBack !== undefined && key.putBack.seq > state.seq) return;
    byKey.violated(`${key.name} v${version.number} is ${version.status}, but ${use.operation} with its key by ${use.actor} failed with ${use.error}`, [
      key.metaSeq,
      state.seq,
      use.seq,
    ]);
  }

  /** What was allowed right before keyturn moved the alias is allowed after it: the key policy and grants were carried over. */
  function checkPermission(key: KeyView, use: KmsKeyUsed): void {
    const move = use.alias === null ? undefined : world.aliasChange(use.alias);
    const id = `${use.actor} ${use.operation} ${use.alias ?? ''}`;
    const before = lastSuccess.get(id);
    const isFirstSinceMove = before !== undefined && move !== undefined && before.aliasSeq !== move.seq && options.isKeyturn(move.actor);
    if (isFirstSinceMove) permitted.examined();
    if (use.error === null) lastSuccess.set(id, { seq: use.seq, aliasSeq: move?.seq });
    if (isFirstSinceMove && use.error === 'AccessDeniedException') {
      permitted.violated(`${key.name}: ${use.actor} could ${use.operation} through ${use.alias ?? ''} before keyturn moved it, and may not since`, [before.seq, move.seq, use.seq]);
    }
  }

  return {
    onEvent(event) {
      if (event.type !== 'kms.key-used' || !options.isConsumer(event.actor)) return;
      const key = event.alias === null ? undefined : world.keyOfAlias(event.alias);
      if (key !== undefined) {
        checkAliasUse(key, event);
        checkPermission(key, event);
      }
      const view = event.keyId === null || key !== undefined ? undefined : world.versionOfKmsKey(event.keyId);
      if (view !== undefined) checkKeyUse(view, event);
    },
  };
};

/** What made a call through an alias fail: the last change that led there, unless it could not know of the one before. @param state what made the key unusable */
export function causeOf(alias: KmsAliasChanged | undefined, state: KmsKeyStateChanged | undefined): KmsAliasChanged | KmsKeyStateChanged | undefined {
  if (state === undefined) return alias?.to === null ? alias : undefined;
  return alias !== undefined && alias.atMs - state.atMs > UNSEEN_IN_KMS_MS ? alias : state;
}
