import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import { instantOf, msOf, type Instant } from '../../instant';
import type { ManagedKey } from '../../managed-key';
import { isKnownEnd } from '../../operations';
import type { ExecutionEnded } from '../../trace';
import { kindOf, queuedAlertOf } from '../registry-items';
import type { Rule } from '../rule';
import type { KeyView } from '../world';

/** Time for the starter, the attempts and the person: the shortest window. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

/** Time for the rule that handles ended executions, which EventBridge delivers to with retries. */
const QUARANTINE_GRACE_MS = 3_600_000;

/** Invariant 12, at the end of the trace: every due key completes or awaits a person, and no lease stays with a dead execution. */
export const keysRotateInTime: Rule = ({ world, options, findings }) => {
  const due = findings('12 every due key completes or awaits a person', 'no key was rotated, and none is overdue');
  const leases = findings('12 no lease stays with a dead execution', 'no lease was granted');
  const ended = new Map<string, ExecutionEnded>();
  const lastAlert = new Map<string, { readonly atMs: number }>();

  function checkLease(key: KeyView, meta: ManagedKey): void {
    if (meta.lease === null) return;
    const end = ended.get(meta.lease.rotationId);
    if (end === undefined || meta.quarantine !== null || key.frozen !== undefined) return;
    // A person was told of this end and has lifted the quarantine; what keeps the next run away is a person's decision, too.
    const isKeptAway = meta.removed || meta.hold !== null || (meta.pause !== null && msOf(meta.pause.until) > options.untilMs);
    const isKnown = isKnownEnd(meta, meta.lease.rotationId, instantOf(end.atMs));
    if (isKeptAway && isKnown) return;
    // An approved emergency takes over by itself, and so does the next run, once it is due, of what people have looked at; everything else waits for a person, who has to be told so at once.
    const [fromMs, graceMs] = isKnown ? [Math.max(end.atMs, msOf(meta.dueAt)), GRACE_MS] : [end.atMs, meta.emergency?.isDone === false ? GRACE_MS : QUARANTINE_GRACE_MS];
    if (options.untilMs - fromMs <= graceMs) return;
    leases.violated(`${key.name}: ${end.execution} ended ${end.status} and still holds the lease`, [key.metaSeq, end.seq]);
  }

  function checkDue(key: KeyView, meta: ManagedKey): void {
    // The owner is at work, or is what `checkLease` reports; who is removed, held or paused waits for a person who knows it.
    if (meta.lease !== null || meta.removed || meta.hold !== null || meta.pause !== null) return;
    const since = waitingSince(key, meta);
    if (since === undefined || isWithinGrace(msOf(since))) return;
    due.examined();
    if (key.frozen === undefined && meta.quarantine === null) {
      due.violated(`${key.name} has been due since ${since} and was not rotated by ${instantOf(options.untilMs)}`, [key.metaSeq]);
      return;
    }
    const alert = lastAlert.get(key.name);
    if (alert === undefined || alert.atMs < msOf(since) - GRACE_MS) due.violated(`${key.name} waits for a person since ${since}, and nobody was alerted`, [key.frozen?.seq ?? key.metaSeq]);
  }

  function waitingSince(key: KeyView, meta: ManagedKey): Instant | undefined {
    if (key.frozen !== undefined) return instantOf(key.frozen.atMs);
    return meta.quarantine?.at ?? meta.dueAt;
  }

  function isWithinGrace(sinceMs: number): boolean {
    return options.untilMs - sinceMs <= GRACE_MS;
  }

  return {
    onTransition({ actor, ledger }) {
      if (!options.isKeyturn(actor)) return;
      const type = ledger[0]?.entry?.type;
      if (type === 'RotationClaimed') leases.examined();
      if (type === 'RotationCompleted') due.examined();
    },
    onItem(event) {
      const alert = kindOf(event).kind === 'alert' && options.isKeyturn(event.actor) ? queuedAlertOf(event.after) : undefined;
      if (alert !== undefined) lastAlert.set(alert.key, event);
    },
    onEvent(event) {
      if (event.type === 'states.execution-ended') ended.set(event.execution, event);
      if (event.type === 'states.execution-redriven') ended.delete(event.execution);
      const key = event.type === 'sns.published' && options.isKeyturn(event.actor) ? event.attributes['key'] : undefined;
      if (event.type === 'sns.published' && key !== undefined) lastAlert.set(key, event);
    },
    atEnd() {
      for (const key of world.allKeys()) {
        if (key.meta === undefined) continue;
        checkLease(key, key.meta);
        checkDue(key, key.meta);
      }
    },
  };
};
