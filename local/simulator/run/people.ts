import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { isWaitedFor, type Approval } from '../../../lambdas/domain/approval';
import { stateOf } from '../../../lambdas/domain/expected-state';
import { activeVersion, type ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Repair } from '../../../lambdas/domain/repair';
import type { Approvals } from '../../../lambdas/ports/approvals';
import type { Registry } from '../../../lambdas/ports/registry';
import { postTo } from '../function-url';
import type { Random } from '../random';
import { ACCOUNT } from '../deployment';
import type { World } from '../world';

export const PEOPLE = ['alice', 'bob', 'carol'].map((name) => `arn:aws:iam::${ACCOUNT}:user/${name}`) as [string, string, string];

/** The people on call: they look at each key now and then, and do what the runbook says. */
export class OnCall {
  private readonly registry: Registry;
  private readonly approvals: Approvals;

  constructor(
    private readonly world: World,
    private readonly policies: readonly KeyPolicy[],
    private readonly random: Random,
    /** How far the clock of Lambda's front door is off, in ms. */
    private readonly skewMs: number,
  ) {
    const composition = world.composition('decide');
    this.registry = composition.registry();
    this.approvals = composition.approvals();
  }

  /** One look at every key. @param isDecided `true`: they let things go on; `false`: they also refuse, abort and look away */
  async look(isDecided: boolean): Promise<void> {
    for (const { name } of this.policies) {
      if (isDecided || this.random() < 0.7) await this.lookAt(name, isDecided);
    }
  }

  async post(name: 'request-rotation' | 'operate' | 'decide', by: string, body: unknown) {
    return postTo(this.world, name, by, body, this.world.timeline.nowMs() + this.skewMs);
  }

  /** Asks for something that somebody else approves. */
  async askAndApprove(name: 'request-rotation' | 'decide', body: unknown): Promise<void> {
    const asked = await this.post(name, PEOPLE[0], body);
    if (asked?.approvalId === undefined) return;
    // Who is in a hurry tries it alone, and is refused.
    await this.answerAs(PEOPLE[0], asked.approvalId, 'approve');
    await this.answer(asked.approvalId, 'approve');
  }

  private async lookAt(name: string, isDecided: boolean): Promise<void> {
    const reading = await this.read(this.registry.read(name));
    if (reading === undefined) return;
    const { key, freeze } = reading;
    if (freeze !== null) {
      const repair = this.repairOf(key);
      await this.askAndApprove('decide', { action: 'repair', key: name, repair, reason: 'the difference is understood' });
      return;
    }
    if (key.hold !== null && this.random() < 0.5) await this.post('operate', PEOPLE[1], { action: 'release', key: name, reason: 'no longer needed' });
    if (key.quarantine !== null) await this.post('decide', PEOPLE[1], { action: 'lift', key: name, reason: 'the cause is mended' });
    const approvals = await this.read(Promise.all(key.approvals.map((id) => this.approvals.read(id))));
    for (const approval of approvals) if (approval?.outcome === null) await this.decide(approval, isDecided);
  }

  private async decide(approval: Approval, isDecided: boolean): Promise<void> {
    const isConsent = isDecided || this.random() < 0.6;
    const [consent, refusal] = approval.purpose === 'recover' ? (['resume', 'abort'] as const) : (['approve', 'deny'] as const);
    // What an execution asks is answered by one person, or by as many as the policy wants; who asked is not among them.
    const people = isWaitedFor(approval) ? PEOPLE : PEOPLE.slice(1);
    for (const by of people.slice(0, approval.approversNeeded)) await this.answerAs(by, approval.id, isConsent ? consent : refusal);
  }

  private async answer(id: string, answer: 'approve' | 'deny'): Promise<void> {
    const approval = await this.read(this.approvals.read(id));
    for (const by of PEOPLE.slice(1, 1 + (approval?.approversNeeded ?? 1))) await this.answerAs(by, id, answer);
  }

  private async answerAs(by: string, approvalId: string, answer: string): Promise<void> {
    await this.post('decide', by, { action: 'answer', approvalId, answer, reason: 'I have looked' });
  }

  /** A read takes no virtual time: the clock stands still for it. */
  private read<T>(reading: Promise<T>): Promise<T> {
    return this.world.timeline.track(reading);
  }

  /** What an on-call finds when comparing the registry with the KMS console. */
  private repairOf(key: ManagedKey): Repair {
    const { aliases, keys } = this.world.kms.snapshot();
    const active = activeVersion(key);
    const target = aliases.find(({ name }) => name === key.policy.alias)?.targetKeyId;
    for (const version of Object.values(key.versions)) {
      const state = keys.find(({ id }) => id === version.kmsKeyId)?.state;
      const isWanted = stateOf(version) === 'Enabled';
      if (state === 'PendingDeletion' && version.status !== 'REVOKED') return { kind: 'cancel-deletion', version: version.number };
      if (state === 'Disabled' && isWanted) return { kind: 'enable', version: version.number };
    }
    if (active !== undefined && key.intent === null && target !== active.kmsKeyId) return { kind: 'repoint-alias' };
    return { kind: 'compare' };
  }
}
