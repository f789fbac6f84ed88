import { instantOf, msOf, type Instant } from '../../instant';
import type { KeyVersion } from '../../managed-key';
import type { KmsKeyStateChanged } from '../../trace';
import type { Rule } from '../rule';
import { movesOf } from '../transitions';
import type { Moment, VersionView } from '../world';
import { bindingPolicies, retirementStepOf, UNSEEN_IN_KMS_MS, WORDS, type RetirementEvent, type RetirementStep } from './retirement';

/** A state's entered time, from which the bake is counted, stands still while its retries run, for 5 minutes at most. */
const STALE_CLOCK_MS = 300_000;

/**
 * Invariant 4, time: no version is disabled before its deadline, nor revoked before its own, nor while the alias points to it.
 * The drain and the bake are measured again from what was applied, so a deadline that was written too early is found too.
 */
export const retirementDeadlines: Rule = ({ world, options, findings }) => {
  const deadlines = findings('4 no retirement before its deadline', 'keyturn disabled and revoked nothing');
  const measured = findings('4 drain and bake last as long as the policy says', 'keyturn retired no version whose deprecation or disabling the trace shows');
  const unaliased = findings('4 no retirement while the alias points to it', 'keyturn disabled and revoked nothing');
  /** By KMS key: when its version was deprecated, and how long it has to drain. */
  const drains = new Map<string, Moment & { readonly drainSeconds: number }>();
  /** By KMS key: since when keyturn has kept it disabled. A deletion that somebody scheduled and somebody cancelled let nobody use it, either. */
  const disabled = new Map<string, KmsKeyStateChanged>();

  function checkDeadline(name: string, version: KeyVersion, step: RetirementStep, moment: Moment, metaSeq: number | undefined): void {
    deadlines.examined();
    const [field, notBefore]: [string, Instant | undefined] =
      step === 'disable' ? ['disableNotBefore', version.disableNotBefore] : ['revokeNotBefore', version.revokeNotBefore];
    if (notBefore !== undefined && moment.atMs >= msOf(notBefore)) return;
    const problem = notBefore === undefined ? `which has no ${field}` : `before its ${field} ${notBefore}`;
    deadlines.violated(`${name} v${version.number} was ${WORDS[step]} at ${instantOf(moment.atMs)}, ${problem}`, [metaSeq, moment.seq]);
  }

  function checkMeasured({ key, version }: VersionView, step: RetirementStep, event: KmsKeyStateChanged): void {
    if (key.meta === undefined) return;
    const drain = drains.get(event.keyId);
    const begin = step === 'disable' ? drain : disabled.get(event.keyId);
    if (begin === undefined) return;
    measured.examined();
    // The bake's deadline was written when it began: a policy that changed since may demand more, but does not restart it.
    const bakeSeconds = Math.min(...bindingPolicies(key.meta, key.policyChanged, event.atMs).map((policy) => policy.bakeSeconds));
    // An approved emergency shortens the drain of a compromised version, and nothing else.
    const drainSeconds = Math.min(drain?.drainSeconds ?? 0, version.compromisedAt === undefined ? Infinity : key.meta.policy.emergencyDrainSeconds);
    const demandedMs = step === 'disable' ? drainSeconds * 1000 : bakeSeconds * 1000 - STALE_CLOCK_MS;
    const lastedMs = event.atMs - begin.atMs;
    if (lastedMs < demandedMs) {
      const period = step === 'disable' ? 'drained' : 'baked';
      measured.violated(`${key.name} v${version.number} ${period} for ${lastedMs / 1000} s of ${demandedMs / 1000} s before it was ${WORDS[step]}`, [begin.seq, event.seq]);
    }
  }

  function checkAlias({ key, version }: VersionView, step: RetirementStep, event: KmsKeyStateChanged): void {
    const alias = key.meta === undefined ? undefined : world.aliasChange(key.meta.policy.alias);
    unaliased.examined();
    if (alias?.to !== event.keyId) return;
    if (!options.isKeyturn(alias.actor) && event.atMs - alias.atMs < UNSEEN_IN_KMS_MS) return;
    unaliased.violated(`${key.name} v${version.number} was ${WORDS[step]} while ${alias.alias} points to it`, [alias.seq, event.seq]);
  }

  function followDisabled(event: KmsKeyStateChanged): void {
    if (event.to === 'PendingDeletion' || (event.to === 'Disabled' && event.from === 'PendingDeletion' && disabled.has(event.keyId))) return;
    if (event.to === 'Disabled' && options.isKeyturn(event.actor)) disabled.set(event.keyId, event);
    else disabled.delete(event.keyId);
  }

  function judge({ event, step }: RetirementEvent): void {
    const view = world.versionOfKmsKey(event.keyId);
    if (view === undefined) return;
    checkDeadline(view.key.name, view.version, step, event, view.key.metaSeq);
    checkMeasured(view, step, event);
    checkAlias(view, step, event);
  }

  return {
    onEvent(candidate) {
      const retired = retirementStepOf(candidate);
      if (retired !== undefined && options.isKeyturn(candidate.actor)) judge(retired);
      if (candidate.type === 'kms.key-state-changed') followDisabled(candidate);
    },
    onTransition(transition) {
      const { key, actor, before, moment, versionsBefore } = transition;
      if (!options.isKeyturn(actor)) return;
      for (const move of movesOf(transition)) {
        const version = versionsBefore.get(move.version);
        if (version === undefined) continue;
        if (move.from === 'DEPRECATED' && move.to === 'DISABLED') checkDeadline(key.name, version, 'disable', moment, key.metaSeq);
        if (move.to === 'REVOKED') checkDeadline(key.name, version, 'revoke', moment, key.metaSeq);
        if (move.from === 'ACTIVE' && move.to === 'DEPRECATED' && before !== undefined && version.kmsKeyId !== undefined) {
          const { drainSeconds, backupRetentionSeconds } = before.lease?.policy ?? before.policy;
          drains.set(version.kmsKeyId, { ...moment, drainSeconds: Math.max(drainSeconds, backupRetentionSeconds) });
        }
      }
    },
  };
};
