import { FUNCTIONS } from '../../../contract/functions';
import { parseRotationId, rotationPrefix } from '../../rotation-id';
import type { ExecutionEnded, MessagePublished } from '../../trace';
import type { Rule } from '../rule';

/** Where an execution may end by itself, and whether somebody has to hear of it. */
const OUTCOMES: ReadonlyMap<unknown, 'quiet' | 'alerted'> = new Map([
  ['completed', 'quiet'],
  ['completed-retirement-pending', 'quiet'],
  ['superseded', 'quiet'],
  ['aborted', 'alerted'],
  ['frozen', 'alerted'],
]);

/** An alert may come after the end, by the rule that handles ended executions. */
const ALERT_GRACE_MS = 3_600_000;

/** Invariant 10: every failure ends in a known place, and each with its one alert. */
export const knownEndings: Rule = ({ options, findings, executionOf }) => {
  const endings = findings('10 executions end in a known place', 'no execution ended');
  const alerted = findings('10 every failed rotation is alerted', 'no rotation failed long enough before the end of the trace');
  const single = findings('10 one alert per failure', 'no alert was published for an execution');
  const startedAtMs = new Map<string, number>();
  const failed: ExecutionEnded[] = [];
  const failures = new Map<string, number>();
  const alertsOf = new Map<string, MessagePublished[]>();
  const alertsAbout = new Map<string, MessagePublished[]>();

  function checkEnding(event: ExecutionEnded): void {
    if (parseRotationId(event.execution) === undefined) return;
    endings.examined();
    const outcome = OUTCOMES.get(outcomeOf(event));
    if (event.status === 'SUCCEEDED' && outcome === undefined) {
      endings.violated(`${event.execution} succeeded with the outcome ${JSON.stringify(outcomeOf(event) ?? null)}, which is none that keyturn knows`, [event.seq]);
    }
    if (event.status !== 'SUCCEEDED' || outcome === 'alerted') failed.push(event);
  }

  function checkAlerted(end: ExecutionEnded): void {
    const untilMs = end.atMs + ALERT_GRACE_MS;
    const prefix = parseRotationId(end.execution)?.prefix ?? '';
    const fromMs = startedAtMs.get(end.execution) ?? end.atMs;
    const isAlerted = alertsOf.has(end.execution) || (alertsAbout.get(prefix) ?? []).some(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
    if (!isAlerted && untilMs > options.untilMs) return;
    alerted.examined();
    if (!isAlerted) alerted.violated(`${end.execution} ended ${end.status === 'SUCCEEDED' ? String(outcomeOf(end)) : end.status}, and nobody was alerted`, [end.seq]);
  }

  return {
    onEvent(event) {
      if (event.type === 'states.execution-started') startedAtMs.set(event.execution, event.atMs);
      if (event.type === 'states.execution-ended') checkEnding(event);
      if (event.type === 'states.state-entered' && event.state === FUNCTIONS['classify-failure'].state) {
        failures.set(event.execution, (failures.get(event.execution) ?? 0) + 1);
      }
      if (event.type !== 'sns.published' || !options.isKeyturn(event.actor)) return;
      const execution = executionOf(event.traceId);
      if (execution !== undefined) append(alertsOf, execution, event);
      const key = event.attributes['key'];
      if (key !== undefined) append(alertsAbout, prefixOf(key), event);
    },
    atEnd() {
      for (const end of failed) checkAlerted(end);
      for (const [execution, alerts] of alertsOf) {
        single.examined();
        const count = failures.get(execution) ?? 0;
        // SNS delivers at least once, and a lost answer publishes again: the id says that it is the same alert.
        const distinct = new Set(alerts.map(({ seq, attributes }) => attributes['alertId'] ?? seq)).size;
        if (distinct > Math.max(1, count)) {
          single.violated(`${execution} failed ${count} times and was alerted ${distinct} times`, alerts.map(({ seq }) => seq));
        }
      }
    },
  };
};

function outcomeOf({ output }: ExecutionEnded): unknown {
  return typeof output === 'object' && output !== null && !Array.isArray(output) ? Object.entries(output).find(([name]) => name === 'outcome')?.[1] : undefined;
}

function append(lists: Map<string, MessagePublished[]>, name: string, event: MessagePublished): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [event]);
  else list.push(event);
}

/** An alert may name a key that is not legal, which no execution has. */
function prefixOf(key: string): string {
  try {
    return rotationPrefix(key);
  } catch {
    return key;
  }
}
