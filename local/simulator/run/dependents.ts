import { EVENTS } from '../../../lambdas/contract/names';
import type { BusEvent } from '../../eventbridge/eventbridge-service';
import { postTo } from '../function-url';
import { between, type Random } from '../random';
import type { World } from '../world';
import { type Consumer, consumerSession } from './consumer';
import type { DependentFault } from './faults';

const MINUTE = 60_000;

/** How often a dependent tries to tell its answer when the call fails. */
const MAX_TRIES = 5;

/** The services that are asked before a promotion and before a retirement; each moves on with what it keeps before it lets go. */
export class Dependents {
  private questions = 0;

  constructor(
    private readonly world: World,
    private readonly consumers: ReadonlyMap<string, Consumer>,
    private readonly random: Random,
    /** What goes wrong with the nth question. */
    private readonly faultAt: (question: number) => DependentFault | undefined,
  ) {
    world.bus.onEvent((event) => {
      if (event.source === EVENTS.source) this.hear(event);
    });
  }

  /** How many were asked. */
  get count(): number {
    return this.questions;
  }

  private hear(event: BusEvent): void {
    const { acknowledgementId, version, key } = event.detail as { acknowledgementId?: string; version: number; key: string };
    if (acknowledgementId === undefined) return;
    const fault = this.faultAt(this.questions++);
    if (fault === 'dependent-silent') return;
    const answer = {
      acknowledgementId,
      verdict: fault === 'dependent-says-no' ? 'no' : 'yes',
      version: fault === 'dependent-says-another-version' ? version + 1 : version,
    };
    this.answerLater(key, event['detail-type'] === EVENTS.versionPromoted, answer, 1);
  }

  private answerLater(key: string, isToLetGo: boolean, answer: object, attempt: number): void {
    this.world.timeline.after(between(this.random, 1, 20) * MINUTE, `${key}-api answers`, () => {
      if (isToLetGo) this.consumers.get(key)?.moveOn();
      void postTo(this.world, 'acknowledge', consumerSession(key), answer).then((answered) => {
        if (answered?.statusCode !== 200 && attempt < MAX_TRIES) this.answerLater(key, isToLetGo, answer, attempt + 1);
      });
    });
  }
}
