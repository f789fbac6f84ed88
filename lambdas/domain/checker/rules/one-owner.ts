import { QUIESCENCE_SECONDS, TAKEOVER_SECONDS } from '../../../contract/timing';
import type { LedgerEvent } from '../../ledger';
import type { TraceEvent } from '../../trace';
import type { Rule } from '../rule';
import type { Transition } from '../transitions';
import type { KeyView, Moment } from '../world';

const QUIESCENCE_MS = QUIESCENCE_SECONDS * 1000;

/** Before a lease is taken over, nothing of its execution is under way any more, and KMS shows what it did. */
const TAKEOVER_MS = TAKEOVER_SECONDS * 1000;

interface Settlement extends Moment {
  readonly by: string;
  /** Its rotation has written something else since. */
  isOver: boolean;
}

/** Invariant 8, ownership: one owner per key; who takes over, or goes on after something uncertain, settles first. */
export const oneOwner: Rule = ({ world, options, findings, executionOf, firstSeqOf }) => {
  const leases = findings('8 one owner per key', 'no lease was granted');
  const settling = findings('8 nothing is done for Q after settling', 'no rotation settled');
  const endedAt = new Map<string, Moment>();
  /** By key: its last settlement. One that is repeated before anything else is written counts from its first write. */
  const settled = new Map<string, Settlement>();

  function checkLease({ key, before, after, moment }: Transition): void {
    const [from, to] = [before?.lease?.rotationId, after?.lease?.rotationId];
    if (to === undefined || to === from) return;
    leases.examined();
    if (from === undefined) return;
    checkTakeover(key, `${to} took the lease from ${from}`, from, moment);
  }

  function checkTakeover(key: KeyView, what: string, from: string, moment: Moment): void {
    const end = endedAt.get(from);
    if (end !== undefined && moment.atMs - end.atMs >= TAKEOVER_MS) return;
    const since = end === undefined ? 'has not ended' : `ended ${(moment.atMs - end.atMs) / 1000} s before`;
    leases.violated(`${key.name}: ${what}, which ${since}`, [key.metaSeq, end?.seq, moment.seq]);
  }

  /** Who takes over takes the fencing token first, in its own name: from then on it may write in the name of the one that ended. */
  function checkTokenTaken({ key, moment }: Transition, { by }: LedgerEvent, holder: string): void {
    leases.examined();
    checkTakeover(key, `${by} took the fencing token from ${holder}`, holder, moment);
  }

  function checkSettling({ key, moment, ledger }: Transition): void {
    const entry = ledger[0]?.entry;
    const last = settled.get(idOf(key));
    if (entry === undefined || entry.type === 'RotationSettled' || entry.type === 'FailureRecorded') return;
    if (entry.type === 'RotationAborted') {
      settling.examined();
      if (last?.by !== entry.by) settling.violated(`${key.name}: ${entry.by} aborted without settling`, [moment.seq]);
    }
    if (last?.by !== entry.by) return;
    settling.examined();
    if (moment.atMs - last.atMs < QUIESCENCE_MS) {
      settling.violated(`${key.name}: ${entry.by} wrote ${entry.type} ${(moment.atMs - last.atMs) / 1000} s after it settled`, [last.seq, moment.seq]);
    }
  }

  /** A call that was under way when its rotation settled may still land: that is what the wait is for. */
  function checkEffect(key: KeyView, event: TraceEvent): void {
    const last = settled.get(idOf(key));
    const begun = firstSeqOf(event.traceId);
    if (last === undefined || executionOf(event.traceId) !== last.by || begun === undefined || begun < last.seq) return;
    settling.examined();
    if (event.atMs - last.atMs < QUIESCENCE_MS) {
      settling.violated(`${key.name}: ${last.by} changed KMS ${(event.atMs - last.atMs) / 1000} s after it settled`, [last.seq, event.seq]);
    }
  }

  return {
    onTransition(transition) {
      const { key, actor, meta, moment, ledger } = transition;
      if (meta === undefined || !options.isKeyturn(actor)) return;
      checkLease(transition);
      checkSettling(transition);
      const entry = ledger[0]?.entry;
      const last = settled.get(idOf(key));
      if (entry === undefined) return;
      const holder = entry.facts?.['holder'];
      if (entry.type === 'RotationSettled' && typeof holder === 'string') return checkTokenTaken(transition, entry, holder);
      if (entry.type !== 'RotationSettled') {
        if (last?.by === entry.by) last.isOver = true;
      } else if (last?.by !== entry.by || last.isOver) settled.set(idOf(key), { seq: moment.seq, atMs: moment.atMs, by: entry.by, isOver: false });
    },
    onEvent(event) {
      if (event.type === 'states.execution-ended') endedAt.set(event.execution, event);
      if (event.type === 'states.execution-redriven') endedAt.delete(event.execution);
      if (!options.isKeyturn(event.actor)) return;
      if (event.type === 'kms.key-state-changed') {
        const view = world.versionOfKmsKey(event.keyId);
        if (view !== undefined) checkEffect(view.key, event);
      }
      if (event.type === 'kms.alias-changed') {
        const key = world.keyOfAlias(event.alias);
        if (key !== undefined) checkEffect(key, event);
      }
    },
  };
};

function idOf(key: KeyView): string {
  return `${key.table} ${key.name}`;
}
