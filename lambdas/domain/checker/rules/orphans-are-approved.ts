import { lackOf } from '../consent';
import { isPromisedOnly } from '../promise';
import type { Rule } from '../rule';
import type { KmsKeyStateChanged, KmsKeyUsed } from '../../trace';
import type { ApprovalView } from '../world';
import { retirementStepOf, UNREAD_MS, UNSEEN_IN_KMS_MS, WORDS, type RetirementStep } from './retirement';

/**
 * Invariant 6, orphans: a KMS key that no version names is deleted only when people have consented to that, bound to this key and to the revision of the
 * managed key for which it was made; when that one is neither held nor frozen; and when nobody has used it, nor a managed alias pointed to it. It is never disabled.
 */
export const orphansAreApproved: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const verdict = findings('6 an orphan is deleted only with consent', 'keyturn deleted no KMS key that no version names');
  const uses = new Map<string, KmsKeyUsed>();
  /** By managed key: its last revisions, and when each was followed by another one. */
  const revisions = new Map<string, { readonly rev: number; readonly endedMs: number }>();
  const judged: { readonly event: KmsKeyStateChanged; readonly step: RetirementStep; readonly lack: string | undefined; readonly proof: readonly number[] }[] = [];

  function lackIn({ table, approval, seq }: ApprovalView, { keyId, atMs }: KmsKeyStateChanged): { readonly lack: string | undefined; readonly proof: readonly number[] } {
    const { meta, frozen, held } = world.key(table, approval.key);
    const earlier = revisions.get(`${table} ${approval.key}`);
    const isUnread = earlier !== undefined && atMs - earlier.endedMs < UNREAD_MS && earlier.rev === approval.rev;
    const lack = lackOf(approval, { purpose: 'delete-orphan', rev: isUnread ? approval.rev : (meta?.rev ?? -1), approvers: meta?.policy.approvers ?? 1 }, options.identityRules);
    if (lack !== undefined) return { lack: `${approval.id} ${lack}`, proof: [seq] };
    const stop = frozen ?? held;
    if (stop !== undefined && atMs - stop.atMs > UNREAD_MS) return { lack: `${approval.key} is held or frozen`, proof: [seq, stop.seq] };
    const use = uses.get(keyId);
    if (use !== undefined && atMs - use.atMs > UNSEEN_IN_KMS_MS) return { lack: `${use.actor} has used it`, proof: [seq, use.seq] };
    const alias = [...world.aliasesOf(keyId)].find((name) => world.keyOfAlias(name) !== undefined);
    if (alias !== undefined) return { lack: `${alias} has pointed to it`, proof: [seq] };
    return { lack: undefined, proof: [] };
  }

  function judge(event: KmsKeyStateChanged, step: RetirementStep): void {
    const asked = [...world.allApprovals()].filter(({ approval }) => step === 'revoke' && approval.purpose === 'delete-orphan' && approval.facts['kmsKeyId'] === event.keyId);
    const lacks = asked.map((view) => lackIn(view, event));
    const isAllowed = lacks.some(({ lack }) => lack === undefined);
    judged.push({ event, step, lack: isAllowed ? undefined : lacks.map(({ lack }) => lack).join('; ') || 'nobody was asked', proof: lacks.flatMap(({ proof }) => proof) });
  }

  return {
    onTransition({ key, before, after, moment }) {
      if (before !== undefined && before.rev !== after?.rev) revisions.set(`${key.table} ${key.name}`, { rev: before.rev, endedMs: moment.atMs });
    },
    onEvent(candidate) {
      if (candidate.type === 'kms.key-used' && candidate.keyId !== null && candidate.error === null) uses.set(candidate.keyId, candidate);
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
