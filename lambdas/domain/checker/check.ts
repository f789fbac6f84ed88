import type { RegistryItemWritten, TraceEvent } from '../trace';
import { isKeyturnRole, type CheckOptions } from './options';
import { kindOf } from './registry-items';
import type { Inquiry, Observer } from './rule';
import { RULES } from './rules';
import { transitionOf } from './transitions';
import { Findings, type Verdict } from './verdict';
import { World } from './world';

/**
 * Checks the invariants of the design's section 7 on a trace: one pass, nothing but the trace is read.
 * It judges what was *applied*, and blames keyturn only for what keyturn applied.
 * @returns one verdict per invariant, finer ones apart, in the order of the design.
 */
export function check(trace: readonly TraceEvent[], options: CheckOptions = {}): Verdict[] {
  const isKeyturn = options.isKeyturn ?? isKeyturnRole;
  const world = new World(isKeyturn);
  const invocations = invocationsOf(trace);
  const all: Findings[] = [];
  const inquiry: Inquiry = {
    world,
    options: {
      isKeyturn,
      identityRules: options.identityRules ?? { vouchedRoles: [] },
      isConsumer: options.isConsumer ?? ((actor) => !isKeyturn(actor)),
      promises: options.promises ?? [],
      untilMs: options.untilMs ?? trace.at(-1)?.atMs ?? 0,
    },
    findings(invariant, emptyReason) {
      const findings = new Findings(invariant, emptyReason);
      all.push(findings);
      return findings;
    },
    executionOf: (traceId) => (traceId === undefined ? undefined : invocations.get(traceId)?.execution),
    firstSeqOf: (traceId) => (traceId === undefined ? undefined : invocations.get(traceId)?.firstSeq),
  };
  const observers = RULES.map((rule) => rule(inquiry));
  const transactions = transactionsOf(trace, options.registryTable);
  for (const event of trace) {
    if (event.type === 'dynamodb.item-written') {
      if (options.registryTable !== undefined && event.table !== options.registryTable) continue;
      if (!('key' in kindOf(event))) {
        for (const observer of observers) observer.onItem?.(event);
        world.applyItem(event);
      }
      const writes = transactions.get(event.seq);
      if (writes !== undefined) applyTransaction(world, observers, writes);
    } else {
      for (const observer of observers) observer.onEvent?.(event);
      world.applyEvent(event);
    }
  }
  for (const observer of observers) observer.atEnd?.();
  return all.map((findings) => findings.verdict());
}

type Writes = readonly [RegistryItemWritten, ...RegistryItemWritten[]];

function applyTransaction(world: World, observers: readonly Observer[], writes: Writes): void {
  const kind = kindOf(writes[0]);
  if (!('key' in kind)) return;
  const transition = transitionOf(world.key(writes[0].table, kind.key), writes);
  for (const observer of observers) observer.onTransition?.(transition);
  world.applyTransition(transition);
}

/** The writes about keys, one group per transaction and key, by the `seq` of the group's first event. */
function transactionsOf(trace: readonly TraceEvent[], registryTable: string | undefined): ReadonlyMap<number, Writes> {
  const groups = new Map<string, [RegistryItemWritten, ...RegistryItemWritten[]]>();
  for (const event of trace) {
    if (event.type !== 'dynamodb.item-written' || (registryTable !== undefined && event.table !== registryTable)) continue;
    if (!('key' in kindOf(event))) continue;
    const id = `${event.transactionId ?? `single ${event.seq}`} ${event.table} ${event.pk}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [event]);
    else group.push(event);
  }
  return new Map([...groups.values()].map((group) => [group[0].seq, group]));
}

interface Invocation {
  readonly firstSeq: number;
  execution: string | undefined;
}

/** An invocation says which execution it worked for only when it ends, after its effects: so this is read ahead. */
function invocationsOf(trace: readonly TraceEvent[]): ReadonlyMap<string, Invocation> {
  const invocations = new Map<string, Invocation>();
  for (const event of trace) {
    if (event.traceId === undefined) continue;
    const known = invocations.get(event.traceId) ?? { firstSeq: event.seq, execution: undefined };
    if (event.type === 'lambda.invoked') known.execution = event.execution ?? undefined;
    invocations.set(event.traceId, known);
  }
  return invocations;
}
