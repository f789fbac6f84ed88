import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import { instantOf } from '../../instant';
import type { RegistryItemWritten } from '../../trace';
import { kindOf, queuedAlertOf } from '../registry-items';
import type { Rule } from '../rule';

/** Time for `reconcile` to deliver what the topic did not take: the shortest window. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

/** Invariant 10, the outbox: an alert is struck off only after it was published, and does not wait for ever. */
export const alertsPublished: Rule = ({ options, findings }) => {
  const kept = findings('10 a queued alert stays until it is published', 'no alert was struck off');
  const published = findings('10 queued alerts are published', 'no alert was queued long enough before the end of the trace');
  const publications = new Set<string>();
  const waiting = new Map<string, RegistryItemWritten>();

  return {
    onEvent(event) {
      if (event.type === 'sns.published' && options.isKeyturn(event.actor)) publications.add(event.attributes['alertId'] ?? '');
    },
    onItem(event) {
      if (kindOf(event).kind !== 'alert') return;
      const alert = queuedAlertOf(event.after ?? event.before);
      if (alert === undefined) return;
      if (event.after !== null) {
        if (!waiting.has(alert.id)) waiting.set(alert.id, event);
        return;
      }
      const queued = waiting.get(alert.id);
      waiting.delete(alert.id);
      if (!options.isKeyturn(event.actor)) return;
      kept.examined();
      if (!publications.has(alert.id)) kept.violated(`${alert.key}: alert ${alert.id} was struck off, and was never published`, [queued?.seq, event.seq]);
      else published.examined();
    },
    atEnd() {
      for (const [id, event] of waiting) {
        if (options.untilMs - event.atMs <= GRACE_MS) continue;
        published.examined();
        published.violated(`alert ${id} has been queued since ${instantOf(event.atMs)} and was not published`, [event.seq]);
      }
    },
  };
};
