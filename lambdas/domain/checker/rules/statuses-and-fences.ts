import type { ManagedKey } from '../../managed-key';
import { parseRotationId } from '../../rotation-id';
import { canMove } from '../../version-status';
import type { Rule } from '../rule';
import { hasChanged, movesOf, type Transition } from '../transitions';

/** What a rotation may change only while it holds the lease. Its failure it may record at any time. */
const OWNERS_MEMBERS = ['versions', 'lastVersion', 'intent', 'lease', 'fence', 'window', 'completedWindow', 'retirementPending', 'policy', 'hold'] as const satisfies readonly (keyof ManagedKey)[];

/** Invariant 7: statuses move only along the table; fencing tokens only grow; a write with an old token changes nothing. */
export const statusesAndFences: Rule = ({ options, findings, firstSeqOf }) => {
  const statuses = findings('7 statuses move along the table', 'no status moved');
  const fences = findings('7 fencing tokens only grow', 'keyturn wrote no key');
  const writers = findings('7 only the owner changes a key', 'no rotation wrote a key');

  function checkStatuses(transition: Transition): void {
    const { key, moment } = transition;
    for (const move of movesOf(transition)) {
      statuses.examined();
      if (move.to !== null && canMove(move.from, move.to)) continue;
      statuses.violated(`${key.name} v${move.version} moved from ${move.from ?? 'nothing'} to ${move.to ?? 'nothing'}`, [key.metaSeq, moment.seq]);
    }
  }

  function checkFence({ key, before, after, moment }: Transition): void {
    if (after === undefined) return;
    fences.examined();
    const old = before?.fence ?? 0;
    const events = [key.metaSeq, moment.seq];
    if (after.fence < old) fences.violated(`${key.name}: the fencing token fell from ${old} to ${after.fence}`, events);
    const isGranted = after.lease !== null && after.lease.rotationId !== before?.lease?.rotationId;
    if (isGranted && after.fence <= old) fences.violated(`${key.name}: ${after.lease.rotationId} got the lease with the token ${after.fence}, which is not new`, events);
  }

  function checkWriter(transition: Transition): void {
    const { key, before, after, moment, traceId, ledger } = transition;
    const entry = ledger[0]?.entry;
    if (entry === undefined || before === undefined || after === undefined || parseRotationId(entry.by) === undefined) return;
    writers.examined();
    const changed = OWNERS_MEMBERS.filter((member) => hasChanged(transition, member));
    // A claim brings its own token, and a settlement only takes tokens back.
    if (changed.length === 0 || entry.type === 'RotationClaimed') return;
    const isTakenOver = entry.type === 'RotationSettled' && entry.facts?.['holder'] === before.lease?.rotationId;
    if (before.lease?.rotationId !== entry.by && !isTakenOver) {
      const owner = before.lease?.rotationId ?? 'nobody';
      writers.violated(`${key.name}: ${entry.by} changed ${changed.join(', ')} by ${entry.type} while ${owner} held the lease`, [key.metaSeq, moment.seq]);
    }
    const begun = firstSeqOf(traceId);
    const raised = key.fenceRaised;
    if (entry.type !== 'RotationSettled' && begun !== undefined && raised !== undefined && begun < raised.seq && raised.traceId !== traceId) {
      writers.violated(`${key.name}: ${entry.type} was written by an invocation that began before the fencing token became ${before.fence}`, [begun, raised.seq, moment.seq]);
    }
  }

  return {
    onTransition(transition) {
      if (transition.meta === undefined || !options.isKeyturn(transition.actor)) return;
      checkStatuses(transition);
      checkFence(transition);
      checkWriter(transition);
    },
  };
};
