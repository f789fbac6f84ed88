import { z } from 'zod';
import { GAUGES, type GaugeName } from '../contract/names';
import { MAX_KEYS_PER_RECONCILIATION } from '../contract/timing';
import { added, NOTHING_COUNTED, type PassState, type Totals } from '../domain/findings';
import { instantOf, msOf, type Instant } from '../domain/instant';
import { deliverQueued } from './alerting';
import { lookForOrphans, type OrphanPorts } from './orphans';
import { reconcileKey, type FailedCheck, type ReconcileKeyPorts, type UnconfirmedDifference } from './reconcile-key';

/** The schedule's own time, never "now". */
export const reconcileInput = z.strictObject({ scheduledTime: z.iso.datetime({ offset: true }) });

export interface ReconcileOutput {
  readonly keys: number;
  /** Whether all keys have been looked at since the last time that this was true. */
  readonly isPassComplete: boolean;
  readonly done: readonly { readonly key: string; readonly what: string }[];
  readonly failed: readonly FailedCheck[];
  readonly unconfirmed: readonly UnconfirmedDifference[];
}

interface Ports extends ReconcileKeyPorts, OrphanPorts {
  readonly gauge: (name: GaugeName, value: number) => void;
}

/** Keys that are looked at side by side. */
const GROUP_SIZE = 5;

/**
 * Reconcile: holds the registry against KMS, Step Functions and itself, key by key, and finishes what others left undone. It reports, freezes and
 * quarantines; it changes nothing in KMS but an orphan that a person has given up. One key's trouble never stops the others.
 */
export function reconcile(ports: Ports) {
  return async (input: z.infer<typeof reconcileInput>): Promise<ReconcileOutput> => {
    const at = instantOf(msOf(input.scheduledTime));
    const names = [...(await ports.registry.allNames())].sort();
    let pass = await ports.reconciliation.pass();
    const { afterKey } = pass;
    const ahead = names.filter((name) => afterKey === null || name > afterKey);
    const batch = ahead.slice(0, MAX_KEYS_PER_RECONCILIATION);
    const output = { done: [] as { key: string; what: string }[], failed: [] as FailedCheck[], unconfirmed: [] as UnconfirmedDifference[] };

    pass = await searchForOrphans(ports, names, pass, at, output);
    for (let start = 0; start < batch.length; start += GROUP_SIZE) {
      const group = batch.slice(start, start + GROUP_SIZE);
      const reports = await Promise.all(group.map((name) => reconcileKey(ports, name, at)));
      for (const [index, report] of reports.entries()) {
        output.done.push(...report.done.map((what) => ({ key: group[index] ?? '', what })));
        output.failed.push(...report.failed);
        output.unconfirmed.push(...report.unconfirmed);
        pass = { ...pass, totals: added(pass.totals, report.totals) };
      }
      pass = { ...pass, afterKey: group.at(-1) ?? null };
      // Whoever dies in the next group leaves this one behind.
      if (start + GROUP_SIZE < batch.length) await ports.reconciliation.rememberPass(pass);
    }
    const isPassComplete = batch.length === ahead.length;
    if (isPassComplete) pass = await deliverForUnregistered(ports, names, pass, output);
    if (isPassComplete) tellTotals(ports, pass.totals);
    await ports.reconciliation.rememberPass(isPassComplete ? { ...pass, afterKey: null, totals: NOTHING_COUNTED } : pass);
    return { keys: batch.length, isPassComplete, ...output };
  };
}

interface Report {
  readonly done: { key: string; what: string }[];
  readonly failed: FailedCheck[];
}

/**
 * A rotation of a key that is not in the registry, as after a restore, fails and is told of all the same. Last, and no further than the topic takes it: a topic
 * that is away must not keep registered keys from being looked at.
 */
async function deliverForUnregistered(ports: Ports, names: readonly string[], pass: PassState, { done, failed }: Report): Promise<PassState> {
  let { totals } = pass;
  let name = '';
  try {
    for (name of (await ports.registry.namesWithQueuedAlerts()).filter((each) => !names.includes(each))) {
      await deliverQueued(ports, name, {
        delivered: ({ id }) => void done.push({ key: name, what: `delivered alert ${id}` }),
        undelivered: (undeliveredAlerts) => { totals = added(totals, { ...NOTHING_COUNTED, undeliveredAlerts }); },
      });
    }
  } catch (error) {
    failed.push({ key: name, check: 'undelivered alerts', error: String(error) });
    totals = added(totals, { ...NOTHING_COUNTED, failedChecks: 1 });
  }
  return { ...pass, totals };
}

async function searchForOrphans(ports: Ports, names: readonly string[], pass: PassState, at: Instant, output: Report): Promise<PassState> {
  try {
    const { afterKmsKey, done, alerted } = await lookForOrphans(ports, names, pass.afterKmsKey, pass.alerted, at);
    output.done.push(...done.map((what) => ({ key: '', what })));
    return { ...pass, afterKmsKey, alerted };
  } catch (error) {
    output.failed.push({ key: '', check: 'orphans', error: String(error) });
    return { ...pass, totals: added(pass.totals, { ...NOTHING_COUNTED, failedChecks: 1 }) };
  }
}

function tellTotals({ gauge }: Ports, totals: Totals): void {
  gauge(GAUGES.overdueKeys, totals.overdueKeys);
  gauge(GAUGES.frozenKeys, totals.frozenKeys);
  gauge(GAUGES.quarantinedKeys, totals.quarantinedKeys);
  gauge(GAUGES.oldestUnansweredApprovalSeconds, totals.oldestUnansweredApprovalSeconds);
  gauge(GAUGES.undeliveredAlerts, totals.undeliveredAlerts);
  gauge(GAUGES.failedChecks, totals.failedChecks);
}
