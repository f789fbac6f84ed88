import { FULL_LEDGER_CHECK_SECONDS, RECONCILE_EVERY_SECONDS, TAKEOVER_SECONDS } from '../contract/timing';
import { isOverdue, overdueAt, retirementsPendingTooLong } from '../domain/age';
import type { Alert } from '../domain/alert';
import { standingOf, type Approval } from '../domain/approval';
import { added, confirmableFrom, NOTHING_COUNTED, secondLook, withAlerted, type KeyFindings, type Totals } from '../domain/findings';
import { isBefore, msOf, plusSeconds, type Instant } from '../domain/instant';
import { canonicalJson, ledgerBreak } from '../domain/ledger';
import { versionKey, versionOf, type ManagedKey } from '../domain/managed-key';
import { frozenAlert, overdueAlert, retirementPendingAlert, unansweredAlert } from '../domain/reconcile-alerts';
import { deletionsToCancel } from '../domain/rescue';
import { TaskError } from '../domain/task-error';
import { windowAt } from '../domain/windows';
import type { KeyProvider } from '../ports/key-provider';
import type { Rescuer } from '../ports/outside';
import type { Reconciliation } from '../ports/reconciliation';
import type { KeyReading } from '../ports/registry';
import { deliver, deliverQueued, type AlertPorts } from './alerting';
import { carryOut, pursueEmergency, type CarryOutPorts } from './carry-out';
import { compareWithKms } from './comparison';
import { resolveIntentOf } from './dead-owner';
import { standStill } from './handle-ended-execution';
import { holderOf } from './holder';
import { resolutionOf } from './open-intent';
import { wakeWaiter } from './waiting';

export interface ReconcileKeyPorts extends AlertPorts, CarryOutPorts {
  readonly keys: KeyProvider;
  readonly rescuer: Rescuer;
  readonly reconciliation: Reconciliation;
}

/** A check that could not be made: nothing is known of what it looks at, and nothing was done about it. */
export interface FailedCheck {
  readonly key: string;
  readonly check: string;
  readonly error: string;
}

/** A difference that one look has seen: it may be a late reading, and the next look tells. */
export interface UnconfirmedDifference {
  readonly key: string;
  readonly what: string;
  /** From when on another look confirms it. */
  readonly confirmableFrom: Instant;
}

export interface KeyReport {
  readonly totals: Totals;
  /** What was done, one line each. */
  readonly done: readonly string[];
  readonly failed: readonly FailedCheck[];
  readonly unconfirmed: readonly UnconfirmedDifference[];
}

/** One key under reconciliation: what is known of it, and what has come of that. */
class Look {
  readonly done: string[] = [];
  totals = NOTHING_COUNTED;

  constructor(
    public reading: KeyReading,
    readonly at: Instant,
    public findings: KeyFindings,
  ) {}

  get key(): ManagedKey {
    return this.reading.key;
  }

  /** Frozen or quarantined keys wait for a person, who was told. */
  get isStandingStill(): boolean {
    return this.reading.freeze !== null || this.key.quarantine !== null;
  }

  count(counted: Partial<Totals>): void {
    this.totals = added(this.totals, { ...NOTHING_COUNTED, ...counted });
  }
}

type Check = (ports: ReconcileKeyPorts, look: Look) => Promise<void>;

/** In this order; a check that fails does not keep the others from being made. */
const CHECKS: Readonly<Record<string, Check>> = {
  'undelivered alerts': deliverLeft,
  approvals: finishApprovals,
  owner: lookAtOwner,
  emergency: lookAtEmergency,
  deletions: cancelDeletions,
  'open intent': endLeftIntent,
  rescues: finishRescues,
  ledger: verifyLedger,
  'alias and key states': compare,
  age: lookAtAge,
};

/** Looks at one key from all sides. */
export async function reconcileKey(ports: ReconcileKeyPorts, name: string, at: Instant): Promise<KeyReport> {
  const failed: FailedCheck[] = [];
  const fail = (check: string, error: unknown): void => void failed.push({ key: name, check, error: String(error) });
  const look = await begin(ports, name, at).catch((error: unknown) => fail('registry', error));
  if (look === undefined) return { totals: { ...NOTHING_COUNTED, failedChecks: failed.length }, done: [], failed, unconfirmed: [] };
  const before = canonicalJson(look.findings);
  look.count({ frozenKeys: look.reading.freeze === null ? 0 : 1, quarantinedKeys: look.key.quarantine === null ? 0 : 1 });
  for (const [check, make] of Object.entries(CHECKS)) await make(ports, look).catch((error: unknown) => fail(check, error));
  if (canonicalJson(look.findings) !== before) await ports.reconciliation.remember(name, look.findings).catch((error: unknown) => fail('memory', error));
  look.count({ failedChecks: failed.length });
  return { totals: look.totals, done: look.done, failed, unconfirmed: unconfirmedOf(look) };
}

/** A frozen key is not compared: what is remembered of it is old. */
function unconfirmedOf({ reading, key, findings: { difference } }: Look): readonly UnconfirmedDifference[] {
  if (reading.freeze !== null || difference === null) return [];
  return [{ key: key.name, what: difference.what, confirmableFrom: confirmableFrom(difference) }];
}

async function begin({ registry, reconciliation }: ReconcileKeyPorts, name: string, at: Instant): Promise<Look | undefined> {
  const reading = await registry.read(name);
  return reading === undefined ? undefined : new Look(reading, at, await reconciliation.findings(name));
}

async function deliverLeft(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  await deliverQueued(ports, look.key.name, {
    delivered: ({ id }) => void look.done.push(`delivered alert ${id}`),
    undelivered: (undeliveredAlerts) => { look.count({ undeliveredAlerts }); },
  });
}

/** Goes on where whoever counted an answer stopped, and sees to it that a question does not expire unseen. */
async function finishApprovals(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  const { key, at } = look;
  for (const id of key.approvals) {
    const approval = await ports.approvals.read(id);
    if (approval === undefined) continue;
    if (approval.outcome !== null) {
      // An orphan is deleted only when it is looked at again.
      const isForOrphans = approval.purpose === 'delete-orphan' && approval.outcome === 'approve';
      if (approval.isCarriedOut === true || isForOrphans) continue;
      look.done.push(`approval ${id}: ${await carryOutOrGiveUp(ports, approval)}`);
      continue;
    }
    const standing = standingOf(approval, key.rev, at);
    if (standing === 'open') look.count({ oldestUnansweredApprovalSeconds: Math.max(0, (msOf(at) - msOf(approval.requestedAt)) / 1000) });
    if (standing !== 'expired' || approval.purpose !== 'recover' || approval.rotationId !== key.lease?.rotationId) continue;
    await alertOnce(ports, look, unansweredAlert(key, approval));
    await wakeWaiter(ports, approval);
  }
}

/** What the key does not allow any more is refused for good: people see it in the history, and ask anew. */
async function carryOutOrGiveUp(ports: ReconcileKeyPorts, approval: Approval): Promise<string> {
  try {
    return await carryOut(ports, approval);
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'RotationNotAllowed') throw error;
    await ports.approvals.markCarriedOut(approval.id);
    return `given up: ${error.message}`;
  }
}

/** The event of an execution that ended is delivered best-effort; the lease tells it, too. */
async function lookAtOwner(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  const { lease } = look.key;
  if (lease === null) return;
  const closedAt = (await holderOf(ports.executions, look.key, look.at))?.closedAt ?? null;
  if (closedAt === null || isBefore(look.at, plusSeconds(closedAt, RECONCILE_EVERY_SECONDS))) return;
  const { rotationId, executionArn } = lease;
  const { findings } = look;
  const outcome = await standStill(ports, look.reading, { rotationId, executionArn, at: closedAt, what: `ended at ${closedAt}`, cause: '', noticedBy: 'reconcile' }, {
    isTold: (id) => findings.alerted.includes(id),
    remember: (id) => { look.findings = { ...look.findings, alerted: withAlerted(look.findings.alerted, id) }; },
  });
  // What was told of is nothing new, as long as it stays so.
  const isNews = outcome === 'quarantined' && look.key.quarantine === null;
  if (outcome === 'looked-at' || (!isNews && look.findings === findings)) return;
  look.done.push(`${rotationId} has ended and holds the lease: ${outcome}`);
}

/** An approved emergency must not wait for whoever died while starting it. */
async function lookAtEmergency({ executions }: ReconcileKeyPorts, look: Look): Promise<void> {
  const { emergency, lease } = look.key;
  if (emergency === null || emergency.isDone || look.isStandingStill || lease?.work === 'emergency') return;
  if (isBefore(look.at, emergency.dueAt)) return;
  look.done.push(await pursueEmergency(executions, look.key));
}

/** A hold or a freeze wins also over a deletion that was scheduled while it was being set. */
async function cancelDeletions({ rescuer }: ReconcileKeyPorts, look: Look): Promise<void> {
  const { key, freeze } = look.reading;
  const why = key.hold ?? freeze;
  if (why === null || deletionsToCancel(key, freeze !== null).length === 0) return;
  if (await rescuer.cancelDeletions(key.name, why)) look.done.push(`cancelled the deletions of a ${key.hold === null ? 'frozen' : 'held'} key`);
}

/**
 * What a dead owner left open ends with the next claim. Whatever keeps the next run away (a hold, a pause, a quarantine) must not keep that from
 * ending: a rescue waits behind it. The open intent of a frozen key ends with its repair.
 */
async function endLeftIntent(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  const { key, freeze } = look.reading;
  const { intent } = key;
  if (freeze !== null || intent === null || intent.kind === 'create') return;
  const holder = await holderOf(ports.executions, key, look.at);
  if (holder === undefined || holder.closedAt === null || isBefore(look.at, plusSeconds(holder.closedAt, TAKEOVER_SECONDS))) return;
  if (!(await canEnd(ports, key, holder.rotationId, look.at))) return;
  await resolveIntentOf(holder, ports, key, { by: 'reconcile', at: look.at });
  look.reading = (await ports.registry.read(key.name)) ?? look.reading;
  look.done.push(`ended the ${intent.kind} of v${intent.version} that ${holder.rotationId} left open`);
}

/** Not while KMS cannot be read, or shows what only a look at all of it explains; nor is a held key revoked: its deletion is cancelled first. */
async function canEnd({ registry, keys }: Pick<ReconcileKeyPorts, 'registry' | 'keys'>, key: ManagedKey, rotationId: string, at: Instant): Promise<boolean> {
  try {
    const end = (await resolutionOf({ registry, keys }, key, { rotationId, fence: key.fence }, at))?.(key);
    return end?.kind === 'write' && (key.hold === null || versionOf(end.next, key.intent?.version ?? 0)?.status !== 'REVOKED');
  } catch (error) {
    if (error instanceof TaskError && ['KmsNotConsistentYet', 'KeyStoreNotReady', 'ObservedMismatch'].includes(error.name)) return false;
    throw error;
  }
}

/** Whoever began a rescue may have died, or had to wait for what the owner was doing to the version. */
async function finishRescues({ rescuer }: ReconcileKeyPorts, look: Look): Promise<void> {
  const { rescues, intent, name } = look.key;
  const numbers = Object.keys(rescues);
  if (numbers.length === 0 || numbers.some((number) => number === versionKey(intent?.version ?? 0))) return;
  await rescuer.finishRescues(name);
  look.done.push(`finished the rescue of ${numbers.join(', ')}`);
}

/** The new part of the chain each time, all of it once a day. */
async function verifyLedger(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  if (look.reading.freeze !== null) return;
  const { key, at } = look;
  const known = look.findings.ledger;
  const isWhole = known === null || !isBefore(at, plusSeconds(known.wholeAt, FULL_LEDGER_CHECK_SECONDS));
  const broken =
    known !== null && known.seq > key.seq
      ? `the registry is at event ${key.seq}, and was at ${known.seq} before`
      : await breakAfter(ports, key, isWhole ? undefined : known);
  if (broken !== undefined) return freeze(ports, look, `the ledger: ${broken}`, ['--kind rebaseline-ledger']);
  look.findings = { ...look.findings, ledger: { seq: key.seq, hash: key.head, wholeAt: isWhole ? at : known.wholeAt } };
}

async function breakAfter({ registry }: ReconcileKeyPorts, key: ManagedKey, head: { seq: number; hash: string } | undefined): Promise<string | undefined> {
  const events = await registry.ledger(key.name, head?.seq);
  const last = events.at(-1)?.seq ?? 0;
  // What came in after the key was read is counted by now; what nobody counts was not written by keyturn.
  if (last > key.seq && ((await registry.read(key.name))?.key.seq ?? 0) < last) return `event ${last} stands there, which the registry does not count`;
  return ledgerBreak(
    events.filter(({ seq }) => seq <= key.seq),
    key,
    head,
  );
}

/** What is different once may be read late; what is different twice in the same way was changed by someone else. */
async function compare(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  if (look.reading.freeze !== null) return;
  const { key, at } = look;
  const { differences, repairs } = await compareWithKms(ports.keys, key, at);
  // An owner that is at work changes the key between two looks; its own steps compare, too.
  const what = differences.length === 0 ? null : `${differences.join('; ')}${key.lease === null ? '' : ` (at event ${key.seq})`}`;
  const { remembered, isConfirmed } = secondLook(look.findings.difference, what, at);
  look.findings = { ...look.findings, difference: remembered };
  if (isConfirmed) await freeze(ports, look, differences.join('; '), repairs);
}

/** @param repairs that would take back what was found */
async function freeze(ports: ReconcileKeyPorts, look: Look, reason: string, repairs: readonly string[]): Promise<void> {
  const { key, at } = look;
  const seq = (await ports.registry.read(key.name))?.key.seq;
  // The key moved while it was looked at: the next firing judges what it is then.
  if (seq !== key.seq) return;
  await ports.registry.freeze(key.name, { by: 'reconcile', at, reason });
  await deliver(ports, frozenAlert(key, reason, repairs, at));
  look.findings = { ...look.findings, difference: null };
  look.count({ frozenKeys: 1 });
  look.done.push(`frozen: ${reason}`);
}

async function lookAtAge(ports: ReconcileKeyPorts, look: Look): Promise<void> {
  const { key, at } = look;
  const since = overdueAt(key);
  if (since !== undefined && isOverdue(key, at)) {
    look.count({ overdueKeys: 1 });
    await alertOnce(ports, look, overdueAlert(key, windowAt(key.policy, at), since));
  }
  for (const version of retirementsPendingTooLong(key, at)) await alertOnce(ports, look, retirementPendingAlert(key, version));
}

/** What lasts is told of once. */
async function alertOnce(ports: ReconcileKeyPorts, look: Look, alert: Alert): Promise<void> {
  if (look.findings.alerted.includes(alert.id)) return;
  await deliver(ports, alert);
  look.findings = { ...look.findings, alerted: withAlerted(look.findings.alerted, alert.id) };
  look.done.push(`told: ${alert.subject}`);
}
