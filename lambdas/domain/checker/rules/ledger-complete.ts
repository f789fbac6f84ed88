import { canonicalJson, firstBreak, GENESIS_HASH, type LedgerEvent } from '../../ledger';
import type { ManagedKey } from '../../managed-key';
import type { Rule } from '../rule';
import { hasChanged, movesOf, type LedgerWrite, type Transition } from '../transitions';

/** What a transition changes. Index attributes and those of a newer release are not part of it. */
const MEMBERS = [
  'name', 'registryId', 'policy', 'removed', 'hold', 'pause', 'quarantine', 'versions', 'lastVersion', 'intent', 'lease', 'fence', 'window', 'completedWindow',
  'dueAt', 'rotationDueAt', 'retirementDueAt', 'retirementRuns', 'emergency', 'emergencies', 'abortRequest', 'rescues', 'repair', 'approvals', 'answeredApprovals',
  'lastFailure', 'retirementPending', 'rev', 'seq', 'head',
] as const satisfies readonly (keyof ManagedKey)[];

/** Invariant 9: every transition has exactly one ledger event; no gap; the hash chain verifies. */
export const ledgerComplete: Rule = ({ options, findings }) => {
  const transitions = findings('9 every transition has exactly one ledger event', 'keyturn wrote no key');
  const chain = findings('9 the ledger is one unbroken chain', 'keyturn wrote no ledger event');
  const heads = new Map<string, { seq: number; hash: string; event: number }>();

  function checkTransition(transition: Transition): void {
    const { key, meta, before, after, isUnreadable, ledger, moment } = transition;
    transitions.examined();
    const broken = (message: string): void => transitions.violated(`${key.name}: ${message}`, [key.metaSeq, moment.seq, ...ledger.map(({ event }) => event.seq)]);
    if (isUnreadable) return broken('META cannot be read as a managed key');
    if (meta === undefined) return broken('a ledger event was written without its transition');
    if (after === undefined) return broken('META was deleted');
    const [first] = ledger;
    if (first === undefined) {
      if (MEMBERS.some((member) => hasChanged(transition, member))) broken(`META changed without a ledger event at sequence ${after.seq}`);
      return;
    }
    if (ledger.length > 1) return broken(`one transition wrote ${ledger.length} ledger events`);
    const problem = mismatch(transition, before, after, first.entry);
    if (problem !== undefined) broken(problem);
  }

  function checkChain({ key, before }: Transition, { event, entry }: LedgerWrite): void {
    chain.examined();
    const id = `${key.table} ${key.name}`;
    const continued = heads.get(id) ?? { seq: before?.seq ?? 0, hash: before?.head ?? GENESIS_HASH, event: key.metaSeq };
    // A repair of a frozen key may go on behind a part that cannot be trusted any more.
    const isGap = entry?.type === 'RepairBegun' && key.frozen !== undefined && entry.seq > continued.seq;
    const head = isGap ? { ...continued, seq: entry.seq - 1 } : continued;
    const problem = event.before !== null ? 'a ledger event was overwritten or deleted' : entry === undefined ? 'a ledger event cannot be read' : firstBreak([entry], head);
    if (problem !== undefined) chain.violated(`${key.name}: ${problem}`, [head.event, event.seq]);
    if (entry !== undefined && event.before === null) heads.set(id, { seq: entry.seq, hash: entry.hash, event: event.seq });
  }

  /** Somebody else wrote META, as whoever restores the table does: keyturn can only go on from what stands there. */
  function replaceHead({ key, meta, after }: Transition): void {
    if (meta === undefined) return;
    const id = `${key.table} ${key.name}`;
    if (after === undefined) heads.delete(id);
    else heads.set(id, { seq: after.seq, hash: after.head, event: meta.seq });
  }

  return {
    onTransition(transition) {
      if (!options.isKeyturn(transition.actor)) return replaceHead(transition);
      if (transition.meta !== undefined || transition.ledger.length > 0) checkTransition(transition);
      for (const written of transition.ledger) checkChain(transition, written);
    },
  };
};

/** How a ledger event disagrees with the transition that it was written with. */
function mismatch(transition: Transition, before: ManagedKey | undefined, after: ManagedKey, entry: LedgerEvent | undefined): string | undefined {
  if (entry === undefined) return 'the ledger event cannot be read';
  const isGap = entry.type === 'RepairBegun' && transition.key.frozen !== undefined && after.seq > (before?.seq ?? 0);
  const seq = isGap ? after.seq : (before?.seq ?? 0) + 1;
  if (after.seq !== seq) return `the sequence went from ${before?.seq ?? 0} to ${after.seq}`;
  if (entry.key !== after.name || entry.seq !== seq) return `the ledger event is number ${entry.seq} of ${entry.key}, not ${seq}`;
  if (entry.hash !== after.head) return `META's head is not the hash of ledger event ${seq}`;
  if (entry.fence !== after.fence) return `ledger event ${seq} has the fencing token ${entry.fence}, META has ${after.fence}`;
  if (canonicalJson(entry.moves) !== canonicalJson(movesOf(transition))) return `ledger event ${seq} tells other moves than were made`;
  return undefined;
}
