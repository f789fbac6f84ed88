import { KMS_CONSISTENCY_SECONDS, LAST_USAGE_LAG_SECONDS } from '../../../contract/timing';
import { msOf } from '../../instant';
import type { ManagedKey } from '../../managed-key';
import type { KmsAliasChanged, KmsKeyStateChanged } from '../../trace';
import { lackOf } from '../consent';
import type { Rule } from '../rule';
import { hasChanged, type Transition } from '../transitions';
import type { KeyView, Moment, VersionView } from '../world';
import { bindingPolicies, retirementStepOf, WORDS, type RetirementStep } from './retirement';

/** KMS may show a use this late, and the check that looks for it runs a few minutes before the call. */
export const EVIDENCE_LAG_MS = (LAST_USAGE_LAG_SECONDS + KMS_CONSISTENCY_SECONDS) * 1000;

/**
 * Invariant 4, evidence: no retirement that the policy does not want, none while the version is in use or a dependent has not
 * released it, unless people have consented to that disable, and no promotion before every dependent is ready.
 */
export const retirementEvidence: Rule = ({ world, options, findings }) => {
  const wanted = findings('4 no retirement against the policy', 'keyturn disabled and revoked no version');
  const idle = findings('4 no version is disabled while it is in use', 'keyturn disabled no version');
  const ready = findings('4 dependents are ready before a promotion', 'no key with dependents was promoted');
  const released = findings('4 dependents have released a version before it is disabled', 'no version of a key with dependents was disabled');
  /** By KMS key: successful uses by consumers, in order. */
  const uses = new Map<string, Moment[]>();
  /** Versions whose present disable people have consented to. */
  const consented = new Set<string>();

  function checkPolicy({ key, version }: VersionView, meta: ManagedKey, step: RetirementStep, { seq, atMs }: Moment): void {
    wanted.examined();
    const policies = bindingPolicies(meta, key.policyChanged, atMs);
    const isKept = version.retirement === 'keep' || policies.some((policy) => policy.retirement === 'keep');
    // Whether the consent was to this state of the key is judged when the revocation is intended.
    const wantedConsent = { purpose: 'revoke', version: version.number, approvers: meta.policy.approvers } as const;
    const isConsented = (): boolean => world.approvalsOf(key.table, key.name).some(({ approval }) => lackOf(approval, wantedConsent, options.identityRules) === undefined);
    const mayRevoke = policies.every((policy) => policy.retirement === 'delete') && (policies.every((policy) => policy.autoDelete) || isConsented());
    if (!isKept && (step === 'disable' || mayRevoke)) return;
    const policy = isKept ? 'to be kept' : 'not to be deleted without approval';
    wanted.violated(`${key.name} v${version.number} was ${WORDS[step]}; by its policy it is ${policy}`, [key.metaSeq, seq]);
  }

  function checkIdle({ key, version }: VersionView, meta: ManagedKey, event: KmsKeyStateChanged): void {
    idle.examined();
    const idleSeconds = bindingPolicies(meta, key.policyChanged, event.atMs).map((policy) => policy.idleSeconds);
    const idleMs = Math.min(...idleSeconds, ...(version.compromisedAt === undefined ? [] : [meta.policy.emergencyDrainSeconds / 2])) * 1000;
    // Who intends has looked; a call that is made again later is the same disable. Counted back from the newest use that KMS could know of.
    const lookedAtMs = meta.intent?.kind === 'disable' ? (key.intended?.atMs ?? event.atMs) : event.atMs;
    const fromMs = Math.max(lookedAtMs - LAST_USAGE_LAG_SECONDS * 1000 - idleMs, version.drainFrom === undefined ? 0 : msOf(version.drainFrom));
    const use = uses.get(event.keyId)?.findLast(({ atMs }) => atMs <= lookedAtMs - EVIDENCE_LAG_MS);
    if (use !== undefined && use.atMs > fromMs) {
      idle.violated(`${key.name} v${version.number} was disabled ${(event.atMs - use.atMs) / 1000} s after a use; it has to be idle for ${idleMs / 1000} s`, [use.seq, event.seq]);
    }
  }

  function checkDependents(key: KeyView, meta: ManagedKey, version: number, phase: 'ready' | 'released', { seq, atMs }: Moment): void {
    const answered = phase === 'ready' ? ready : released;
    const dependents = bindingPolicies(meta, key.policyChanged, atMs).flatMap((policy) => policy.dependents);
    // A probe that releases a version answers on the spot and leaves no record.
    const recorded = dependents.filter((dependent) => phase === 'ready' || dependent.kind === 'event');
    for (const dependent of new Set(recorded.map(({ name }) => name))) {
      answered.examined();
      if (world.hasAnswered(key.table, { key: key.name, version, dependent, phase })) continue;
      answered.violated(`${key.name} v${version} was ${phase === 'ready' ? 'promoted' : 'disabled'}, and ${dependent} has not answered ${phase}`, [key.metaSeq, seq]);
    }
  }

  /** Consent to a disable takes the place of the evidence, if it was to the key as it stood when the disable was intended. */
  function rememberConsent(transition: Transition): void {
    const { key, before, after } = transition;
    if (before === undefined || after?.intent?.kind !== 'disable' || !hasChanged(transition, 'intent')) return;
    const { version } = after.intent;
    const wantedConsent = { purpose: 'disable', version, rev: before.rev, approvers: before.policy.approvers } as const;
    const isConsented = world.approvalsOf(key.table, key.name).some(({ approval }) => lackOf(approval, wantedConsent, options.identityRules) === undefined);
    if (isConsented) consented.add(idOf(key, version));
    else consented.delete(idOf(key, version));
  }

  function checkPromotion(event: KmsAliasChanged): void {
    const key = world.keyOfAlias(event.alias);
    // The first version has nobody to wait for, and a move to where the alias is already changes nothing.
    if (key?.meta === undefined || event.from === null || event.to === null || event.from === event.to) return;
    const target = world.versionOfKmsKey(event.to);
    if (target?.version.status === 'PENDING') checkDependents(key, key.meta, target.version.number, 'ready', event);
  }

  return {
    onTransition: rememberConsent,
    onEvent(event) {
      if (event.type === 'kms.key-used' && event.keyId !== null && event.error === null && options.isConsumer(event.actor)) {
        const list = uses.get(event.keyId);
        if (list === undefined) uses.set(event.keyId, [event]);
        else list.push(event);
      }
      if (!options.isKeyturn(event.actor)) return;
      if (event.type === 'kms.alias-changed') checkPromotion(event);
      const retired = retirementStepOf(event);
      const view = retired === undefined ? undefined : world.versionOfKmsKey(retired.event.keyId);
      const meta = view?.key.meta;
      if (retired === undefined || view === undefined || meta === undefined) return;
      checkPolicy(view, meta, retired.step, event);
      if (retired.step !== 'disable') return;
      if (consented.has(idOf(view.key, view.version.number))) {
        for (const evidence of [idle, released]) evidence.examined();
        return;
      }
      checkIdle(view, meta, retired.event);
      checkDependents(view.key, meta, view.version.number, 'released', event);
    },
  };
};

function idOf(key: KeyView, version: number): string {
  return `${key.table} ${key.name} v${version}`;
}
