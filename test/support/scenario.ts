import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { EVENTS } from '../../lambdas/contract/names';
import { check, type Verdict } from '../../lambdas/domain/checker';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { firstBreak, type LedgerEvent } from '../../lambdas/domain/ledger';
import type { LambdaResult } from '../../local/asl/lambda-integration';
import type { BusEvent } from '../../local/eventbridge/eventbridge-service';
import { functionUrlEvent } from '../../local/simulator/function-url';
import { World, type WorldOptions } from '../../local/simulator/world';
import { policyOf } from './policies';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The role of the one dependent, and a session of it. */
export const CONSUMER = 'arn:aws:iam::111122223333:role/apps/orders-api';
export const CONSUMER_SESSION = 'arn:aws:sts::111122223333:assumed-role/orders-api/i-0123456789';

/** A short life, so that a rotation with all its waits takes 20 virtual days; KMS deletes what it revoked only after that. */
export const SHORT: Partial<KeyPolicy> = {
  rotateEverySeconds: 20 * 86_400,
  startSpreadSeconds: 3600,
  drainSeconds: 4 * 86_400,
  idleSeconds: 2 * 86_400,
  bakeSeconds: 2 * 86_400,
  approvalTimeoutSeconds: 86_400,
  deletionWindowDays: 30,
  dependents: [{ name: 'orders-api', kind: 'event', principal: CONSUMER, acknowledgeWithinSeconds: 43_200 }],
};

/** KMS records the use of keys since 2026-04-23: later worlds have evidence from the start. */
export const START_MS = Date.UTC(2026, 5, 1, 12);

export { functionUrlEvent };

/** What a dependent answers; `null` is silence. */
export type Reply = { readonly verdict: 'yes' | 'no'; readonly version: number; readonly by: string; readonly reason?: string } | null;

/** One world with one key, a schedule that fires every few hours, and a dependent that answers like a real one: again, if its call failed. */
export class Scenario {
  readonly world: World;
  /** How the dependent answers what it is told. */
  reply: (event: BusEvent) => Reply = (event) => ({ verdict: 'yes', version: (event.detail as { version: number }).version, by: CONSUMER_SESSION });

  constructor(
    readonly policy: KeyPolicy = policyOf(SHORT),
    options: WorldOptions = {},
  ) {
    this.world = new World({ startMs: START_MS, ...options });
    this.world.bus.onEvent((event) => {
      if (event.source === EVENTS.source) this.answerLater(event, 1);
    });
  }

  static async registered(policy?: KeyPolicy, options?: WorldOptions): Promise<Scenario> {
    const scenario = new Scenario(policy, options);
    await scenario.world.register([scenario.policy]);
    return scenario;
  }

  static async bootstrapped(policy?: KeyPolicy, options?: WorldOptions): Promise<Scenario> {
    const scenario = await Scenario.registered(policy, options);
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    return scenario;
  }

  async advance(ms: number): Promise<void> {
    await this.world.timeline.runUntil(this.world.timeline.nowMs() + ms);
  }

  /** Time passes, and the schedule fires twice a day. */
  async pass(ms: number): Promise<void> {
    const end = this.world.timeline.nowMs() + ms;
    while (this.world.timeline.nowMs() < end) {
      await this.world.fireSchedule();
      await this.advance(Math.min(12 * HOUR, end - this.world.timeline.nowMs()));
    }
  }

  async key(): Promise<ManagedKey> {
    const reading = await this.world.composition('claim-rotation').registry().read(this.policy.name);
    if (reading === undefined) throw new Error(`${this.policy.name} is not registered`);
    return reading.key;
  }

  async isFrozen(): Promise<boolean> {
    return ((await this.world.composition('claim-rotation').registry().read(this.policy.name))?.freeze ?? null) !== null;
  }

  async ledger(): Promise<readonly LedgerEvent[]> {
    return this.world.composition('claim-rotation').registry().ledger(this.policy.name);
  }

  async ledgerBreak(): Promise<string | undefined> {
    return firstBreak(await this.ledger());
  }

  /** KMS keys that keyturn created, in order. */
  createdKeys(): readonly string[] {
    return this.world.trace.events().flatMap((event) => (event.type === 'kms.key-created' ? [event.keyId] : []));
  }

  /** Ended executions with the outcomes they say. */
  outcomes(): readonly { readonly execution: string; readonly status: string; readonly outcome: unknown }[] {
    return this.world.trace
      .events()
      .flatMap((event) => (event.type === 'states.execution-ended' ? [{ execution: event.execution, status: event.status, outcome: (event.output as { outcome?: unknown } | null)?.outcome }] : []));
  }

  alerts(): readonly string[] {
    return this.world.trace.events().flatMap((event) => (event.type === 'sns.published' ? [event.subject ?? ''] : []));
  }

  verdicts(): readonly Verdict[] {
    return check(this.world.trace.events(), { untilMs: this.world.timeline.nowMs() });
  }

  violations(): readonly unknown[] {
    return this.verdicts().flatMap(({ invariant, violations }) => violations.map(({ message }) => `${invariant}: ${message}`));
  }

  private answerLater(event: BusEvent, attempt: number): void {
    const { acknowledgementId } = event.detail as { acknowledgementId: string };
    this.world.timeline.after(10 * 60_000, `answer ${acknowledgementId}`, async () => {
      const reply = this.reply(event);
      if (reply === null) return;
      const { by, ...answer } = reply;
      const result: LambdaResult = await this.world.invoke('acknowledge', functionUrlEvent({ acknowledgementId, ...answer }, by, this.world.timeline.nowMs()));
      const isTaken = result.ok && (result.payload as { statusCode: number }).statusCode === 200;
      if (!isTaken && attempt < 5) this.answerLater(event, attempt + 1);
    });
  }
}
