import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { CALL_VIA_CLOUDTRAIL, type EventBridgeService } from '../eventbridge/eventbridge-service';
import type { Timeline } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { KmsCall } from '../kms/options';
import { recordOf } from './kms-record';

export interface CloudTrailOptions {
  readonly accountId: string;
  readonly region: string;
  readonly timeline: Timeline;
  readonly nextId: () => string;
  readonly bus: Pick<EventBridgeService, 'put' | 'wouldTake'>;
  /** ARN of the role that a session is of. */
  readonly issuerOf: (caller: Caller) => string | undefined;
  /** How long after a call its event comes, in ms; asked once per event. */
  readonly delayMs: () => number;
}

/** Events come between one and five minutes after the call; AWS names no bound. */
const DELAY_MS = { least: 60_000, most: 300_000 } as const;

/** A delay anywhere in the usual range. @param random uniform in [0, 1) */
export function usualDelay(random: () => number): () => number {
  return () => Math.round(DELAY_MS.least + random() * (DELAY_MS.most - DELAY_MS.least));
}

const onItsWay = z.strictObject({
  /** Virtual, ms since the epoch. */
  atMs: z.int(),
  calledAtMs: z.int(),
  detail: z.custom<Json>((detail) => detail !== undefined),
});
type OnItsWay = z.infer<typeof onItsWay>;

const SOURCE = 'aws.kms';

/**
 * CloudTrail with a trail that logs every management event of KMS: tells the default bus of calls, minutes later. Events that no rule would
 * take when the call is made are not made: most calls are nobody's business.
 */
export class CloudTrail implements Stateful {
  private readonly pending = new Set<OnItsWay>();

  constructor(private readonly options: CloudTrailOptions) {}

  /** A call that KMS has answered or refused. */
  tell(call: KmsCall): void {
    const { bus, timeline, nextId, delayMs } = this.options;
    const calledAtMs = timeline.nowMs();
    const record = recordOf(call, this.options, calledAtMs);
    if (!bus.wouldTake({ source: SOURCE, 'detail-type': CALL_VIA_CLOUDTRAIL, detail: record })) return;
    const detail = { ...record, requestID: nextId(), eventID: nextId() };
    this.arm({ atMs: calledAtMs + delayMs(), calledAtMs, detail });
  }

  save(): Json {
    return { pending: [...this.pending] };
  }

  load(saved: Json): void {
    for (const event of z.strictObject({ pending: z.array(onItsWay) }).parse(saved).pending) this.arm(event);
  }

  private arm(event: OnItsWay): void {
    const { bus, timeline } = this.options;
    this.pending.add(event);
    timeline.after(event.atMs - timeline.nowMs(), 'an event of CloudTrail', () => {
      this.pending.delete(event);
      const { calledAtMs: atMs, detail } = event;
      bus.put({ source: SOURCE, detailType: CALL_VIA_CLOUDTRAIL, detail, resources: [], atMs }, { arn: 'cloudtrail.amazonaws.com' });
    });
  }
}
