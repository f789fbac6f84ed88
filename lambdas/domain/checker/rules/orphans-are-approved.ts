import { KEY_TAGS } from '../../../contract/names';
import type { KmsKeyStateChanged, KmsKeyUsed } from '../../trace';
import { lackOf } from '../consent';
import { isPromisedOnly } from '../promise';
import type { Rule } from '../rule';
import type { ApprovalView } from '../world';
import { retirementStepOf, UNREAD_MS, UNSEEN_IN_KMS_MS, WORDS, type RetirementStep } from './retirement';
import { EVIDENCE_LAG_MS } from './retirement-evidence';

/** KMS may not have shown a use that is so young. */
const UNSEEN_USE_MS = EVIDENCE_LAG_MS + UNREAD_MS;

/**
 * Invariant 6, orphans: a KMS key that no version names is deleted only when people have consented to that, once for each consent, which is bound to this key and
 * to the revision of the managed key for which it was made; when that one is not held, quarantined or frozen; when nobody has used it; and when no managed alias
 * points to it. It is never disabled.
 */
export const orphansAreApproved: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const verdict = findings('6 an orphan is deleted only with consent', 'keyturn deleted no KMS key that no version names');
  /** By KMS key: for which managed key it was made, and its first use. */
  const madeFor = new Map<string, string | undefined>();
  const firstUses = new Map<string, KmsKeyUsed>();
  /** Consents by which a deletion was scheduled. */
  const spent = new Set<string>();
  /** By managed key: its last revisions, and when each was followed by another one. */
  const revisions = new Map<string, { readonly rev: number; readonly endedMs: number }>();
  const judged: { readonly event: KmsKeyStateChanged; readonly step: RetirementStep; readonly lack: string | undefined; readonly proof: readonly number[] }[] = [];

  function lackIn({ table, approval, seq }: ApprovalView, { keyId, atMs }: KmsKeyStateChanged): { readonly lack: string | undefined; readonly proof: readonly number[] } {
    const { meta, frozen, quarantined, held } = world.key(table, approval.key);
    const earlier = revisions.get(`${table} ${approval.key}`);
    const isUnread = earlier !== undefined && atMs - earlier.endedMs < UNREAD_MS && earlier.rev === approval.rev;
    const lack = lackOf(approval, { purpose: 'delete-orphan', rev: isUnread ? approval.rev : (meta?.rev ?? -1), approvers: meta?.policy.approvers ?? 1 }, options.identityRules);
    if (lack !== undefined) return { lack: `${approval.id} ${lack}`, proof: [seq] };
    if (spent.has(approval.id)) return { lack: `${approval.id} has allowed a deletion before`, proof: [seq] };
    const key = madeFor.get(keyId) ?? approval.key;
    if (key !== approval.key) return { lack: `${approval.id} is about ${approval.key}, and it was made for ${key}`, proof: [seq] };
    const stop = [frozen, quarantined, held].find((since) => since !== undefined && atMs - since.atMs > UNREAD_MS);
    if (stop !== undefined) return { lack: `${approval.key} is held, quarantined or frozen`, proof: [seq, stop.seq] };
    const use = firstUses.get(keyId);
    if (use !== undefined && atMs - use.atMs > UNSEEN_USE_MS) return { lack: `${use.actor} has used it`, proof: [seq, use.seq] };
    const moves = [...world.aliasesOf(keyId)].flatMap((alias) => (world.keyOfAlias(alias) === undefined ? [] : (world.aliasChange(alias) ?? [])));
    const move = moves.find((last) => last.to === keyId && atMs - last.atMs > UNSEEN_IN_KMS_MS);
    if (move !== undefined) return { lack: `${move.alias} points to it`, proof: [seq, move.seq] };
    return { lack: undefined, proof: [] };
  }

  function judge(event: KmsKeyStateChanged, step: RetirementStep): void {
    const asked = [...world.allApprovals()].filter(({ approval }) => step === 'revoke' && approval.purpose === 'delete-orphan' && approval.facts['kmsKeyId'] === event.keyId);
    const lacks = asked.map((view) => lackIn(view, event));
    const consent = asked[lacks.findIndex(({ lack }) => lack === undefined)]?.approval.id;
    if (consent !== undefined) spent.add(consent);
    judged.push({ event, step, lack: consent !== undefined ? undefined : lacks.map(({ lack }) => lack).join('; ') || 'nobody was asked', proof: lacks.flatMap(({ proof }) => proof) });
  }

  return {
    onTransition({ key, before, after, moment }) {
      if (before !== undefined && before.rev !== after?.rev) revisions.set(`${key.table} ${key.name}`, { rev: before.rev, endedMs: moment.atMs });
    },
    onEvent(candidate) {
      if (candidate.type === 'kms.key-created') madeFor.set(candidate.keyId, candidate.tags[KEY_TAGS.key]);
      if (candidate.type === 'kms.key-used' && candidate.keyId !== null && candidate.error === null && !firstUses.has(candidate.keyId)) firstUses.set(candidate.keyId, candidate);
      const retired = options.isKeyturn(candidate.actor) ? retirementStepOf(candidate) : undefined;
      if (retired !== undefined && world.versionOfKmsKey(retired.event.keyId) === undefined) judge(retired.event, retired.step);
    },
    atEnd() {
      for (const { event, step, lack, proof } of judged) {
        // A design without a registry has no versions: promisedDrains judges it.
        if (isPromisedOnly(inquiry, event.keyId)) continue;
        verdict.examined();
        if (lack !== undefined) verdict.violated(`keyturn ${WORDS[step]} the KMS key ${event.keyId}, which no version names: ${lack}`, [...proof, event.seq]);
      }
    },
  };
};
