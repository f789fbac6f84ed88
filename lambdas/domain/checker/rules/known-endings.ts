import { FUNCTIONS } from '../../../contract/functions';
import { FUNCTION_TIMEOUT_SECONDS, RECONCILE_EVERY_SECONDS } from '../../../contract/timing';
import { parseRotationId, rotationPrefix } from '../../rotation-id';
import type { ExecutionEnded, ExecutionRedriven, MessagePublished } from '../../trace';
import { kindOf, queuedAlertOf } from '../registry-items';
import type { Rule } from '../rule';
import { alarmOf } from '../told';

/** Alerts that ask for an answer; they are no alerts about a failure. */
const QUESTION = 'approval/';

/** That nobody answered in time is said of the execution that asked, and that it ends. */
const UNANSWERED = '/expired';

/** Where an execution may end by itself, and whether somebody has to hear of it. */
const OUTCOMES: ReadonlyMap<unknown, 'quiet' | 'alerted'> = new Map([
  ['completed', 'quiet'],
  ['completed-retirement-pending', 'quiet'],
  ['superseded', 'quiet'],
  ['aborted', 'alerted'],
]);

/** An alert that was published, or written down to be. */
interface Told {
  readonly seq: number;
  readonly atMs: number;
  readonly id: string;
}

/** CloudWatch's alarms on the machine tell of every execution that ends other than by itself. For one that kept its key that is not enough. */
const isAlarm = (event: MessagePublished): boolean => ['executions-failed', 'executions-timed-out', 'executions-aborted'].includes(alarmOf(event) ?? '');

const isAboutFailure = ({ id }: Told): boolean => !id.startsWith(QUESTION) || id.endsWith(UNANSWERED);

/** An alert may come after the end, by the rule that handles ended executions: the hour for which a service may be away, and the next reconciliation. */
const ALERT_GRACE_MS = 3_600_000 + RECONCILE_EVERY_SECONDS * 1000;

/** Nobody stops a function whose execution has ended. */
const RUNS_ON_MS = FUNCTION_TIMEOUT_SECONDS * 1000;

/**
 * Invariant 10: every failure ends in a known place, and each with its one alert; a question is asked once each time that its state waits; and an
 * execution that ends with the lease is told of after its end. What the topic did not take counts as told: another rule finds what stays queued.
 */
export const knownEndings: Rule = ({ world, options, findings, executionOf }) => {
  const endings = findings('10 executions end in a known place', 'no execution ended');
  const alerted = findings('10 every failed rotation is alerted', 'no rotation failed long enough before the end of the trace');
  const single = findings('10 one alert per failure', 'no alert was published for an execution');
  const questions = findings('10 one alert per question', 'no execution asked for an approval');
  const keepers = findings('10 an end with the lease is alerted', 'no execution ended with the lease long enough before the end of the trace');
  const startedAtMs = new Map<string, number>();
  const failed: ExecutionEnded[] = [];
  /** Ends with the lease, and the table of the key that was kept. */
  const keptBy = new Map<ExecutionEnded, string>();
  const failures = new Map<string, number>();
  const waits = new Map<string, number>();
  const alertsOf = new Map<string, Told[]>();
  const alertsAbout = new Map<string, Told[]>();
  const alarms: MessagePublished[] = [];

  function checkEnding(event: ExecutionEnded): void {
    if (parseRotationId(event.execution) === undefined) return;
    endings.examined();
    const outcome = OUTCOMES.get(outcomeOf(event));
    if (event.status === 'SUCCEEDED' && outcome === undefined) {
      endings.violated(`${event.execution} succeeded with the outcome ${JSON.stringify(outcomeOf(event) ?? null)}, which is none that keyturn knows`, [event.seq]);
    }
    if (event.status !== 'SUCCEEDED' || outcome === 'alerted') failed.push(event);
    const kept = [...world.allKeys()].find(({ meta }) => meta?.lease?.rotationId === event.execution);
    if (kept !== undefined) keptBy.set(event, kept.table);
  }

  function checkAlerted(end: ExecutionEnded): void {
    const untilMs = end.atMs + ALERT_GRACE_MS;
    const prefix = parseRotationId(end.execution)?.prefix ?? '';
    const fromMs = startedAtMs.get(end.execution) ?? end.atMs;
    const isAlerted = (alertsOf.get(end.execution) ?? []).some(isAboutFailure) || (alertsAbout.get(prefix) ?? []).some((told) => isAboutFailure(told) && told.atMs >= fromMs && told.atMs <= untilMs);
    const isAlarmed = end.status !== 'SUCCEEDED' && !keptBy.has(end) && alarms.some(({ atMs }) => atMs >= end.atMs && atMs <= untilMs);
    if (!isAlerted && !isAlarmed && untilMs > options.untilMs) return;
    alerted.examined();
    if (!isAlerted && !isAlarmed) alerted.violated(`${end.execution} ended ${end.status === 'SUCCEEDED' ? String(outcomeOf(end)) : end.status}, and nobody was alerted`, [end.seq]);
  }

  function checkKeeper(end: ExecutionEnded): void {
    const untilMs = end.atMs + ALERT_GRACE_MS;
    const prefix = parseRotationId(end.execution)?.prefix ?? '';
    const isAlerted = (alertsAbout.get(prefix) ?? []).some((told) => isAboutFailure(told) && told.seq > end.seq && told.atMs <= untilMs);
    if (!isAlerted && untilMs > options.untilMs) return;
    keepers.examined();
    if (!isAlerted) keepers.violated(`${end.execution} ended ${end.status} with the lease, and nobody was alerted after that`, [end.seq]);
  }

  /** One that is redriven with its lease has not ended after all; how it ends now is judged again. */
  function forgetEndOf({ execution, atMs }: ExecutionRedriven): void {
    const isOwner = [...world.allKeys()].some(({ meta }) => meta?.lease?.rotationId === execution);
    for (const end of keptBy.keys()) if (isOwner && end.execution === execution && atMs - end.atMs <= ALERT_GRACE_MS) keptBy.delete(end);
  }

  /** SNS delivers at least once, and a lost answer publishes again: the id says that it is the same alert. */
  function checkCount(execution: string, alerts: readonly Told[]): void {
    const count = (told: readonly Told[]): number => new Set(told.map(({ id }) => id)).size;
    const about = alerts.filter(isAboutFailure);
    const asked = alerts.filter((told) => !isAboutFailure(told));
    const failureCount = failures.get(execution) ?? 0;
    const waitCount = waits.get(execution) ?? 0;
    if (about.length > 0) single.examined();
    if (asked.length > 0) questions.examined();
    if (count(about) > Math.max(1, failureCount)) {
      single.violated(`${execution} failed ${failureCount} times and was alerted ${count(about)} times`, about.map(({ seq }) => seq));
    }
    if (count(asked) > waitCount) questions.violated(`${execution} waited for answers ${waitCount} times and asked for ${count(asked)}`, asked.map(({ seq }) => seq));
  }

  function hear(told: Told, key: string | undefined, execution: string | undefined): void {
    if (execution !== undefined) append(alertsOf, execution, told);
    if (key !== undefined) append(alertsAbout, prefixOf(key), told);
  }

  return {
    onTransition({ key, actor, before, after, moment }) {
      for (const [end, table] of keptBy) {
        if (key.table !== table || rotationPrefix(key.name) !== parseRotationId(end.execution)?.prefix) continue;
        // A function that ran on when its execution had ended has given the key back after all.
        const hasGivenBack = options.isKeyturn(actor) && after !== undefined && after.lease === null && moment.atMs - end.atMs <= RUNS_ON_MS;
        // Somebody has restored the table before anybody had to tell, and the lease is gone.
        const isForgotten = !options.isKeyturn(actor) && before?.lease?.rotationId === end.execution && after?.lease?.rotationId !== end.execution && moment.atMs - end.atMs <= ALERT_GRACE_MS;
        if (hasGivenBack || isForgotten) keptBy.delete(end);
      }
    },
    onItem(event) {
      const alert = kindOf(event).kind === 'alert' && options.isKeyturn(event.actor) ? queuedAlertOf(event.after) : undefined;
      if (alert !== undefined) hear({ seq: event.seq, atMs: event.atMs, id: alert.id }, alert.key, executionOf(event.traceId));
    },
    onEvent(event) {
      if (event.type === 'states.execution-started') startedAtMs.set(event.execution, event.atMs);
      if (event.type === 'states.execution-ended') checkEnding(event);
      if (event.type === 'states.execution-redriven') forgetEndOf(event);
      if (event.type === 'states.state-entered' && event.state === FUNCTIONS['classify-failure'].state) {
        failures.set(event.execution, (failures.get(event.execution) ?? 0) + 1);
      }
      if (event.type === 'states.state-entered' && event.state === FUNCTIONS['request-approval'].state) {
        waits.set(event.execution, (waits.get(event.execution) ?? 0) + 1);
      }
      if (event.type === 'sns.published' && isAlarm(event)) alarms.push(event);
      if (event.type !== 'sns.published' || !options.isKeyturn(event.actor)) return;
      hear({ seq: event.seq, atMs: event.atMs, id: event.attributes['alertId'] ?? `message ${event.seq}` }, event.attributes['key'], executionOf(event.traceId));
    },
    atEnd() {
      for (const end of failed) checkAlerted(end);
      for (const end of keptBy.keys()) checkKeeper(end);
      for (const [execution, alerts] of alertsOf) checkCount(execution, alerts);
    },
  };
};

function outcomeOf({ output }: ExecutionEnded): unknown {
  return typeof output === 'object' && output !== null && !Array.isArray(output) ? Object.entries(output).find(([name]) => name === 'outcome')?.[1] : undefined;
}

function append(lists: Map<string, Told[]>, name: string, told: Told): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [told]);
  else list.push(told);
}

/** An alert may name a key that is not legal, which no execution has. */
function prefixOf(key: string): string {
  try {
    return rotationPrefix(key);
  } catch {
    return key;
  }
}
