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

/**
 * The services that are asked before a promotion and before a retirement; each moves on with what it keeps before it lets go.
 * @param faultAt what goes wrong with the nth question, from 0
 * @returns how many questions were asked so far
 */
export function answerFor(world: World, faultAt: (question: number) => DependentFault | undefined, consumers: ReadonlyMap<string, Consumer> = new Map(), random: Random = () => 0): () => number {
  let questions = 0;

  function hear(event: BusEvent): void {
    const { acknowledgementId, version, key } = event.detail as { acknowledgementId?: string; version: number; key: string };
    if (acknowledgementId === undefined) return;
    const fault = faultAt(questions++);
    if (fault === 'dependent-silent') return;
    const answer = {
      acknowledgementId,
      verdict: fault === 'dependent-says-no' ? 'no' : 'yes',
      version: fault === 'dependent-says-another-version' ? version + 1 : version,
    };
    answerLater(key, event['detail-type'] === EVENTS.versionPromoted, answer, 1);
  }

  function answerLater(key: string, isToLetGo: boolean, answer: object, attempt: number): void {
    world.timeline.after(between(random, 1, 20) * MINUTE, `${key}-api answers`, () => {
      if (isToLetGo) consumers.get(key)?.moveOn();
      void postTo(world, 'acknowledge', consumerSession(key), answer).then((answered) => {
        if (answered?.statusCode !== 200 && attempt < MAX_TRIES) answerLater(key, isToLetGo, answer, attempt + 1);
      });
    });
  }

  world.bus.onEvent((event) => {
    if (event.source === EVENTS.source) hear(event);
  });
  return () => questions;
}
