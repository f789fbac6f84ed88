import type { LedgerEventType } from '../../ledger';
import { lackOf, type Wanted } from '../consent';
import { versionKey } from '../../managed-key';
import { isFreeze } from '../registry-items';
import type { Rule } from '../rule';
import { hasChanged, type Transition } from '../transitions';
import { bindingPolicies } from './retirement';

/**
 * Invariant 6, people: what only people may allow has their consent in the trace: a revocation without `autoDelete`, or whose bake would have shown no late
 * user, bound to the version and to the key's revision; an emergency; the repair that ends a freeze.
 */
export const approvedSteps: Rule = ({ world, options, findings }) => {
  const revocations = findings('6 a revocation is allowed by policy or by people', 'keyturn intended no revocation');
  const emergencies = findings('6 an emergency is approved', 'no emergency was approved');
  const repairs = findings('6 a freeze ends by an approved repair', 'no freeze was lifted');

  /** Why no approval of the key is what is wanted. */
  function lackIn({ key }: Transition, wanted: Wanted, id?: string): string | undefined {
    const candidates = world.approvalsOf(key.table, key.name).filter(({ approval }) => id === undefined || approval.id === id);
    const lacks = candidates.map(({ approval }) => lackOf(approval, wanted, options.identityRules));
    if (lacks.includes(undefined)) return undefined;
    return candidates.length === 0 ? 'nobody was asked' : candidates.map(({ approval }, position) => `${approval.id} ${lacks[position] ?? ''}`).join('; ');
  }

  function eventsOf({ key, moment }: Transition): readonly (number | undefined)[] {
    return [...world.approvalsOf(key.table, key.name).map(({ seq }) => seq), key.metaSeq, moment.seq];
  }

  function checkRevocation(transition: Transition): void {
    const { key, before, after, moment } = transition;
    if (before === undefined || after?.intent?.kind !== 'revoke' || !hasChanged(transition, 'intent')) return;
    revocations.examined();
    const { version } = after.intent;
    const isWatched = before.versions[versionKey(version)]?.watchedAt !== undefined;
    if (isWatched && bindingPolicies(before, key.policyChanged, moment.atMs).every(({ autoDelete }) => autoDelete)) return;
    const lack = lackIn(transition, { purpose: 'revoke', version, rev: before.rev, approvers: before.policy.approvers });
    if (lack !== undefined) revocations.violated(`${key.name} v${version}: its deletion was intended without consent: ${lack}`, eventsOf(transition));
  }

  function checkEmergency(transition: Transition): void {
    const { key, before, after } = transition;
    const { emergency } = after ?? {};
    if (emergency == null || emergency.approvalId === before?.emergency?.approvalId) return;
    emergencies.examined();
    const wanted = { purpose: 'emergency', version: emergency.version, approvers: before?.policy.approvers ?? 1 } as const;
    const lack = lackIn(transition, wanted, emergency.approvalId);
    if (lack !== undefined) emergencies.violated(`${key.name}: emergency ${emergency.number} was begun without consent: ${lack}`, eventsOf(transition));
  }

  function checkLift(transition: Transition): void {
    const { key, before, freeze, ledger } = transition;
    if (freeze === undefined || isFreeze(freeze.after) || !isFreeze(freeze.before)) return;
    repairs.examined();
    const lifted: LedgerEventType = 'FreezeLifted';
    const entry = ledger.find((written) => written.entry?.type === lifted)?.entry;
    const approvalId = entry?.facts?.['approval'];
    const wanted = { purpose: 'repair', approvers: before?.policy.approvers ?? 1 } as const;
    const lack = typeof approvalId === 'string' ? lackIn(transition, wanted, approvalId) : 'no repair says so';
    if (lack !== undefined) repairs.violated(`${key.name}: its freeze was ended without consent: ${lack}`, [key.frozen?.seq, freeze.seq, ...eventsOf(transition)]);
  }

  return {
    onTransition(transition) {
      if (!options.isKeyturn(transition.actor)) return;
      checkRevocation(transition);
      checkEmergency(transition);
      checkLift(transition);
    },
  };
};
