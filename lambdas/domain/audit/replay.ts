import type { LedgerEvent, LedgerEventType } from '../ledger';
import { activeVersion, versionKey, type Intent, type KeyVersion, type ManagedKey, type Note } from '../managed-key';
import { isTerminal } from '../version-status';

/** What the registry holds of one key today. */
export interface KeyMaterial {
  readonly key: ManagedKey;
  /** Versions in a terminal status, which left the aggregate. */
  readonly terminalVersions: readonly KeyVersion[];
  readonly ledger: readonly LedgerEvent[];
}

/**
 * The key after each event of its ledger, as far as the ledger tells: statuses, fencing token, lease, intent, hold and rescues follow from the events.
 * What the events do not tell (policy, deadlines, KMS key ids of adopted keys) is what the registry holds today.
 * @returns one image per event, in order
 */
export function replay({ key: today, terminalVersions, ledger }: KeyMaterial): readonly ManagedKey[] {
  const known = new Map([...terminalVersions, ...Object.values(today.versions)].map((version) => [version.number, version]));
  let image: ManagedKey = { ...today, versions: {}, lastVersion: 0, intent: null, lease: null, fence: 0, hold: null, pause: null, quarantine: null, rescues: {}, repair: null, abortRequest: null, emergency: null, seq: 0, head: '' };
  return ledger.map((event) => {
    const told = TOLD[event.type]?.(image, event, Number(event.facts?.['version'] ?? 0)) ?? image;
    image = { ...withMoves(told, event, known), fence: event.fence, seq: event.seq, head: event.hash };
    return image;
  });
}

type Told = (key: ManagedKey, event: LedgerEvent, version: number) => ManagedKey;

const noIntent: Told = (key) => ({ ...key, intent: null });
const noLease: Told = (key) => ({ ...key, lease: null });
const noteOf = ({ by, at, facts }: LedgerEvent): Note => ({ by, at, reason: String(facts?.['reason'] ?? '') });

/** What events say besides the statuses that they move. */
const TOLD: Partial<Readonly<Record<LedgerEventType, Told>>> = {
  RotationClaimed: (key, { by, at, moves }) => {
    const isIntentStale = moves.some((move) => move.to === 'ABANDONED' && move.version === key.intent?.version);
    return { ...key, lease: { rotationId: by, executionArn: '', grantedAt: at, policy: key.policy }, intent: isIntentStale ? null : key.intent };
  },
  RotationCompleted: noLease,
  RotationAborted: noLease,
  CreateIntended: (key, { at }, version) => ({ ...key, lastVersion: Math.max(key.lastVersion, version), intent: { kind: 'create', version, at } }),
  CreateRefused: noIntent,
  VersionEquipped: noIntent,
  PromoteIntended: (key, { at, facts }, version) => ({ ...key, intent: { kind: 'promote', version, fromKeyId: activeVersion(key)?.kmsKeyId ?? null, toKeyId: String(facts?.['toKeyId'] ?? ''), at } }),
  VersionPromoted: noIntent,
  PromoteWithdrawn: noIntent,
  DisableIntended: (key, { at }, version) => ({ ...key, intent: { kind: 'disable', version, at } }),
  VersionDisabled: noIntent,
  DisableWithdrawn: noIntent,
  RevokeIntended: (key, { at }, version) => ({ ...key, intent: { kind: 'revoke', version, at } }),
  VersionRevoked: noIntent,
  RevokeWithdrawn: noIntent,
  HoldSet: (key, event) => ({ ...key, hold: noteOf(event) }),
  HoldReleased: (key) => ({ ...key, hold: null }),
  RescueIntended: (key, event, version) => ({ ...key, hold: key.hold ?? noteOf(event), rescues: { ...key.rescues, [versionKey(version)]: noteOf(event) } }),
  VersionRescued: (key, _event, version) => {
    const { [versionKey(version)]: _done, ...rescues } = key.rescues;
    return { ...key, rescues };
  },
  RepairBegun: (key, { at, facts }) => ({ ...key, repair: { approvalId: String(facts?.['approval'] ?? ''), requestedBy: String(facts?.['requestedBy'] ?? ''), approvedBy: [], begunAt: at } }),
  // The repair that accepts a key ends whatever run owned it.
  RepairMade: (key, { facts }, version) => (facts?.['accepted'] === undefined ? key : { ...key, lease: null, intent: null, lastVersion: Math.max(key.lastVersion, version) }),
  FreezeLifted: (key) => ({ ...key, repair: null }),
};

/** A version that the registry does not know any more is shown with what the event says of it. */
function withMoves(key: ManagedKey, { moves, type, at, by, facts }: LedgerEvent, known: ReadonlyMap<number, KeyVersion>): ManagedKey {
  const versions = new Map(Object.values(key.versions).filter(({ status }) => !isTerminal(status)).map((version) => [version.number, version]));
  for (const { version: number, to } of moves) {
    const begun: KeyVersion = { number, status: to, rotationId: by, window: '', createdAt: at, createIntents: 0 };
    versions.set(number, { ...(known.get(number) ?? begun), ...versions.get(number), status: to });
  }
  // What the event says of a version's KMS key counts, not what stands in the registry today.
  const created = type === 'VersionCreated' ? versions.get(Number(facts?.['version'])) : undefined;
  if (created !== undefined) versions.set(created.number, { ...created, kmsKeyId: String(facts?.['kmsKeyId'] ?? '') });
  return { ...key, versions: Object.fromEntries([...versions].map(([number, version]) => [versionKey(number), isUnmade(version, moves, type) ? withoutKey(version) : version])) };
}

/** A version begins without a KMS key. */
function isUnmade({ number, status }: KeyVersion, moves: LedgerEvent['moves'], type: LedgerEvent['type']): boolean {
  return status === 'PENDING' && type === 'CreateIntended' && moves.some((move) => move.version === number && move.from === null);
}

function withoutKey({ kmsKeyId: _keyId, ...version }: KeyVersion): KeyVersion {
  return version;
}

/**
 * Where the registry does not stand as its ledger says, one line each.
 * @param image after the last event
 */
export function disagreements(image: ManagedKey, today: ManagedKey, terminalVersions: readonly KeyVersion[]): readonly string[] {
  const told = new Map(Object.values(image.versions).map((version) => [version.number, version]));
  const held = new Map(Object.values(today.versions).map((version) => [version.number, version]));
  const ended = new Map(terminalVersions.map((version) => [version.number, version]));
  const numbers = [...new Set([...told.keys(), ...held.keys()])].sort((left, right) => left - right);
  const versions = numbers.flatMap((number) => {
    const [one, other] = [told.get(number), held.get(number) ?? ended.get(number)];
    if (one?.status !== other?.status) return [`v${number} is ${other?.status ?? 'unknown'} in the registry, the ledger led it to ${one?.status ?? 'nothing'}`];
    return one?.kmsKeyId === other?.kmsKeyId ? [] : [`v${number} has the KMS key ${other?.kmsKeyId ?? 'none'} in the registry, the ledger gave it ${one?.kmsKeyId ?? 'none'}`];
  });
  const members: readonly [string, unknown, unknown][] = [
    ['its fencing token', image.fence, today.fence],
    ['its owner', image.lease?.rotationId ?? 'nobody', today.lease?.rotationId ?? 'nobody'],
    ['its open intent', intentText(image.intent), intentText(today.intent)],
    ['its hold', image.hold?.by ?? 'none', today.hold?.by ?? 'none'],
  ];
  return [...versions, ...members.flatMap(([what, one, other]) => (one === other ? [] : [`${what} is ${String(other)} in the registry, the ledger led to ${String(one)}`]))];
}

function intentText(intent: Intent | null): string {
  return intent === null ? 'none' : `${intent.kind} v${intent.version}`;
}
