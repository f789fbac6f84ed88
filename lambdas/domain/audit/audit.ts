import { PARTITIONS } from '../../contract/names';
import { MAX_STATE_SECONDS } from '../../contract/timing';
import { check, type Verdict } from '../checker';
import { instantOf, msOf, type Instant } from '../instant';
import { ledgerBreak, type LedgerEvent, type LedgerEventType } from '../ledger';
import { versionAlias, versionKey, type ManagedKey, type Note } from '../managed-key';
import type { Json, RegistryItemWritten, TraceEvent } from '../trace';
import { eventsOf, type CloudTrailRecord, type Unplaced } from './cloudtrail';
import { disagreements, replay, type KeyMaterial } from './replay';

export interface AuditMaterial extends KeyMaterial {
  readonly freeze: Note | null;
  readonly at: Instant;
  /** Whether a principal of CloudTrail is a function of this keyturn. */
  readonly isKeyturn: (actor: string) => boolean;
  /** Records of KMS, of any keys; `undefined` when none were given. */
  readonly cloudTrail?: readonly CloudTrailRecord[] | undefined;
}

export interface Audit {
  readonly verdicts: readonly Verdict[];
  /** How many events each source gave about the key; `null` for a source that was not looked at. */
  readonly lookedAt: { readonly ledgerEvents: number; readonly cloudTrailEvents: number | null };
  /** Events that stand in the ledger and that an approved repair went on without, by their numbers. */
  readonly disowned: readonly number[];
  /** The time that CloudTrail's records span: outside of it nothing is known of KMS. */
  readonly cloudTrailSpan: { readonly from: Instant; readonly to: Instant } | null;
}

/** Stands for whichever function of keyturn wrote an event: nobody else can write the ledger's partition. */
const LEDGER_WRITER = 'keyturn';

/**
 * Verifies the chain of a key's ledger, compares the registry with where its ledger leads, and has the checker judge what both, and CloudTrail's records of
 * KMS if there are any, can tell. What they cannot tell is *not checkable*, with the reason: silence proves nothing.
 */
export function audit(material: AuditMaterial): Audit {
  const { key, cloudTrail } = material;
  const { own, disowned } = withoutDisowned(material.ledger);
  const unreadable = own.filter((event) => !isReadable(event));
  const ledger = own.filter(isReadable);
  const readable = { ...material, ledger };
  const images = replay(readable);
  const kms = cloudTrail === undefined ? undefined : eventsOf(cloudTrail);
  const ours = kms?.filter((event) => isAbout(event, material));
  const [first, last] = [kms?.at(0), kms?.at(-1)];
  const ofLedger = judged(readable, images, []);
  // Behind the end of the export nothing is known of KMS: what the ledger says from there on is not held against it.
  const known = last === undefined ? [] : ledger.filter(({ at }) => msOf(at) <= last.atMs);
  const ofBoth = ours === undefined ? ofLedger : judged({ ...readable, ledger: known }, images, ours);
  return {
    verdicts: [chainVerdict(material.ledger, unreadable, key), agreementVerdict(readable, images), ...ofLedger.map((verdict, index) => asFarAsTold(merged(verdict, ofBoth[index]), readable))],
    lookedAt: { ledgerEvents: material.ledger.length, cloudTrailEvents: ours?.length ?? null },
    disowned: disowned.map(({ seq }) => seq),
    cloudTrailSpan: first === undefined || last === undefined ? null : { from: instantOf(first.atMs), to: instantOf(last.atMs) },
  };
}

function judged(material: AuditMaterial, images: readonly ManagedKey[], kms: readonly Unplaced[]): readonly Verdict[] {
  const isKeyturn = (actor: string): boolean => actor === LEDGER_WRITER || material.isKeyturn(actor);
  return check(traceOf(material, images, kms), { isKeyturn, untilMs: msOf(material.at) });
}

/** The whole ledger without KMS, and the part of it that lies in CloudTrail's span together with KMS, judge the same invariant. */
function merged(left: Verdict, right: Verdict = left): Verdict {
  const complaints = new Set(left.violations.map(({ message }) => message));
  const violations = [...left.violations, ...right.violations.filter(({ message }) => !complaints.has(message))];
  const stronger = right.restsOn > left.restsOn ? right : left;
  return violations.length === 0 ? stronger : { ...stronger, status: 'violated', violations };
}

/** A repair that starts the ledger anew continues the last event that was whole; what stands in between was written by somebody else. */
function withoutDisowned(ledger: readonly LedgerEvent[]): { readonly own: readonly LedgerEvent[]; readonly disowned: readonly LedgerEvent[] } {
  let own: readonly LedgerEvent[] = [];
  for (const event of ledger) {
    const continued = event.type === 'RepairBegun' && ledger.some(({ type, by }) => type === 'LedgerRebaselined' && by === event.by) ? own.findLastIndex(({ hash }) => hash === event.previousHash) : -1;
    own = [...(continued < 0 ? own : own.slice(0, continued + 1)), event];
  }
  return { own, disowned: ledger.filter((event) => !own.includes(event)) };
}

/** What somebody else wrote there may have any shape. */
function isReadable({ at, by, moves, fence }: Partial<LedgerEvent>): boolean {
  return typeof at === 'string' && isInstant(at) && typeof by === 'string' && Array.isArray(moves) && typeof fence === 'number';
}

function isInstant(text: string): boolean {
  try {
    return msOf(text) > 0;
  } catch {
    return false;
  }
}

function chainVerdict(ledger: readonly LedgerEvent[], unreadable: readonly LedgerEvent[], key: ManagedKey): Verdict {
  const problems = unreadable.map(({ seq }) => `event ${seq} cannot be read: keyturn did not write it`);
  return verdictOf('9 the hash chain verifies, up to the registry', ledger.length, [...problems, ...[ledgerBreak(ledger, key) ?? []].flat()]);
}

function agreementVerdict({ key, terminalVersions, ledger }: KeyMaterial, images: readonly ManagedKey[]): Verdict {
  const last = images.at(-1);
  return verdictOf('9 the registry stands where its ledger leads', ledger.length, last === undefined ? [] : disagreements(last, key, terminalVersions));
}

function verdictOf(invariant: string, restsOn: number, problems: readonly string[]): Verdict {
  if (restsOn === 0) return { invariant, status: 'not-checkable', restsOn, violations: [], reason: 'the ledger is empty' };
  return { invariant, status: problems.length === 0 ? 'held' : 'violated', restsOn, violations: problems.map((message) => ({ message, events: [] })) };
}

type Condition = (material: AuditMaterial) => string | undefined;

const told: Condition = () => undefined;
const needsCloudTrail: Condition = ({ cloudTrail }) => (cloudTrail === undefined ? "KMS was not looked at: give CloudTrail's records with --cloudtrail" : undefined);
const needsOnePolicy: Condition = ({ ledger }) => (ledger.some(({ type }) => type === 'PolicyChanged') ? 'the policy was changed, and the registry holds only the present one' : undefined);
const needsNoRescue: Condition = ({ key, terminalVersions }) =>
  [...Object.values(key.versions), ...terminalVersions].some(({ rescuedAt }) => rescuedAt !== undefined) ? 'a version was rescued, and the deadlines of before are not held' : undefined;
const needsNoConsent: Condition = ({ ledger }) =>
  ledger.some(({ type, facts }) => type === 'ApprovalAnswered' && (facts?.['purpose'] === 'disable' || facts?.['purpose'] === 'revoke')) ? 'people were asked, and the registry names only the newest approvals' : undefined;
const needsNoTakeover: Condition = ({ ledger }) =>
  ledger.some(({ facts }) => facts?.['takenOverFrom'] !== undefined || facts?.['holder'] !== undefined) ? 'a lease was taken over, and when its execution had ended is in Step Functions only' : undefined;
const all =
  (...conditions: readonly Condition[]): Condition =>
  (material) =>
    conditions.map((condition) => condition(material)).find((reason) => reason !== undefined);

/** What the checker may judge from ledger and CloudTrail, and under which conditions. Everything else it is not told enough about. */
export const TOLD: Readonly<Record<string, Condition>> = {
  '1 one adopted version per lineage': told,
  '1 one KMS key per version': told,
  '2 exactly one ACTIVE version': told,
  '2 the ACTIVE key stays usable': needsCloudTrail,
  '3 the alias follows the ACTIVE version': needsCloudTrail,
  '3 a promotion is committed with the alias on it': needsCloudTrail,
  '3 a version alias names its version': needsCloudTrail,
  '4 no retirement before its deadline': needsNoRescue,
  '4 drain and bake last as long as the policy says': all(needsCloudTrail, needsOnePolicy, needsNoRescue),
  '4 no retirement while the alias points to it': needsCloudTrail,
  '4 no retirement against the policy': all(needsCloudTrail, needsOnePolicy, needsNoConsent),
  '4 no version is disabled while it is in use': all(needsCloudTrail, needsOnePolicy, needsNoConsent),
  '5 the alias always works': needsCloudTrail,
  '5 old data is readable until its version is disabled': needsCloudTrail,
  '5 a promotion takes no permission away': needsCloudTrail,
  '6 nothing is retired while held or frozen': told,
  '6 only the owner retires, by an intent': needsCloudTrail,
  '6 a hold after the call cancels the deletion': needsCloudTrail,
  '6 a freeze before the commit cancels the deletion': needsCloudTrail,
  '6 a retirement is taken back by a rescue only': needsCloudTrail,
  '6 a version returns by a rescue only': told,
  '7 statuses move along the table': told,
  '7 fencing tokens only grow': told,
  '7 only the owner changes a key': told,
  '8 one owner per key': needsNoTakeover,
  '8 nothing is done for Q after settling': told,
  '9 the ledger is one unbroken chain': told,
};

function asFarAsTold(verdict: Verdict, material: AuditMaterial): Verdict {
  const condition = TOLD[verdict.invariant];
  const reason = condition === undefined ? 'neither the ledger nor CloudTrail tells' : condition(material);
  return reason === undefined ? verdict : { invariant: verdict.invariant, status: 'not-checkable', restsOn: 0, violations: [], reason };
}

/** The effect in KMS that an event of the ledger records. */
type Effect = (event: Unplaced, version: { readonly keyId: string | undefined; readonly alias: string; readonly versionAlias: string }) => boolean;
const toState =
  (...states: readonly string[]): Effect =>
  (event, { keyId }) =>
    event.type === 'kms.key-state-changed' && event.keyId === keyId && states.includes(event.to);
const EFFECTS: Partial<Readonly<Record<LedgerEventType, Effect>>> = {
  VersionEquipped: (event, { keyId, versionAlias: alias }) => event.type === 'kms.alias-changed' && event.alias === alias && event.to === keyId,
  VersionPromoted: (event, { keyId, alias }) => event.type === 'kms.alias-changed' && event.alias === alias && event.to === keyId,
  VersionDisabled: toState('Disabled'),
  VersionRevoked: toState('PendingDeletion'),
  DeletionCancelled: toState('Disabled'),
  VersionRescued: toState('Enabled'),
};

/**
 * One order of both. An event of the ledger bears the time at which its state was entered, which is before the call that it records: it counts from that
 * call on, where CloudTrail shows it.
 */
function traceOf(material: AuditMaterial, images: readonly ManagedKey[], kms: readonly Unplaced[]): readonly TraceEvent[] {
  const recorded = recordedEffects(material, images, kms);
  const others = kms.filter((event) => !recorded.includes(event));
  const merged: Unplaced[] = [];
  let nowMs = 0;
  material.ledger.forEach((event, index) => {
    const effect = recorded[index];
    nowMs = Math.max(nowMs, msOf(event.at), effect?.atMs ?? 0);
    const past = others.findIndex(({ atMs }) => atMs >= (effect?.atMs ?? msOf(event.at)));
    merged.push(...others.splice(0, past < 0 ? others.length : past), ...(effect === undefined ? [] : [effect]), ...writesOf(event, images[index - 1], images[index], nowMs));
  });
  return [...merged, ...others].map((event, seq) => ({ ...event, seq }));
}

/** For each event of the ledger the effect that it records, if it records one that CloudTrail shows. Within one second CloudTrail has no order. */
function recordedEffects({ key, ledger, isKeyturn }: AuditMaterial, images: readonly ManagedKey[], kms: readonly Unplaced[]): readonly (Unplaced | undefined)[] {
  const left = new Set(kms);
  return ledger.map(({ type, at, facts }, index) => {
    const isEffect = EFFECTS[type];
    if (isEffect === undefined) return undefined;
    const number = Number(facts?.['version'] ?? 0);
    const version = { keyId: images[index]?.versions[versionKey(number)]?.kmsKeyId, alias: key.policy.alias, versionAlias: versionAlias(key.policy.alias, number) };
    const found = [...left].find((event) => event.atMs >= msOf(at) && event.atMs <= msOf(at) + MAX_STATE_SECONDS * 1000 && isKeyturn(event.actor) && isEffect(event, version));
    if (found !== undefined) left.delete(found);
    return found;
  });
}

/** The transaction behind an event, as far as it is known. A repair shows that the key was frozen. */
function writesOf(event: LedgerEvent, before: ManagedKey | undefined, after: ManagedKey | undefined, atMs: number): readonly Unplaced[] {
  const pk = `${PARTITIONS.key}${event.key}`;
  const item = (sk: string, from: object | null, to: object | null, transaction: string): Unplaced => ({
    type: 'dynamodb.item-written', atMs, actor: LEDGER_WRITER, table: 'registry', pk, sk, before: asItem(from), after: asItem(to), transactionId: `${transaction} ${event.seq}`,
  });
  const frozen = { by: event.by, at: event.at, reason: '' };
  return [
    ...(event.type === 'RepairBegun' ? [item('FREEZE', null, frozen, 'freeze')] : []),
    item('META', before ?? null, after ?? null, 'write'),
    item(`LEDGER#${event.seq}`, null, event, 'write'),
    ...(event.type === 'FreezeLifted' ? [item('FREEZE', frozen, { ...frozen, liftedAt: event.at }, 'lift')] : []),
  ];
}

function asItem(value: object | null): RegistryItemWritten['after'] {
  return value as { readonly [key: string]: Json } | null;
}

/** CloudTrail's records are about every key of the account. */
function isAbout(event: Unplaced, { key, terminalVersions }: KeyMaterial): boolean {
  const { alias } = key.policy;
  const isOurs = (name: string | null): boolean => name !== null && (name === alias || name.startsWith(`${alias}/v`));
  const keyIds = new Set([...Object.values(key.versions), ...terminalVersions].flatMap(({ kmsKeyId }) => kmsKeyId ?? []));
  if (event.type === 'kms.alias-changed') return isOurs(event.alias) || keyIds.has(event.to ?? '');
  if (event.type === 'kms.key-used') return isOurs(event.alias) || keyIds.has(event.keyId ?? '');
  return event.type === 'kms.key-state-changed' && keyIds.has(event.keyId);
}
