import { isDeepStrictEqual } from 'node:util';
import type { LedgerEvent } from '../ledger';
import type { KeyVersion, ManagedKey } from '../managed-key';
import type { RegistryItemWritten } from '../trace';
import { isTerminal, type VersionStatus } from '../version-status';
import { keyVersionOf, kindOf, ledgerEventOf, managedKeyOf } from './registry-items';
import type { KeyView, Moment } from './world';

/** All that one transaction wrote about one managed key. */
export interface Transition {
  /** The key before it. */
  readonly key: KeyView;
  readonly actor: string;
  readonly traceId: string | undefined;
  /** Of the event that wrote META, or of the first. */
  readonly moment: Moment;
  readonly meta: RegistryItemWritten | undefined;
  readonly before: ManagedKey | undefined;
  readonly after: ManagedKey | undefined;
  /** Some image of META is there but cannot be read as a managed key. */
  readonly isUnreadable: boolean;
  readonly versionsBefore: ReadonlyMap<number, KeyVersion>;
  readonly versionsAfter: ReadonlyMap<number, KeyVersion>;
  readonly freeze: RegistryItemWritten | undefined;
  readonly ledger: readonly LedgerWrite[];
}

export interface LedgerWrite {
  readonly event: RegistryItemWritten;
  /** `undefined` when it was deleted or cannot be read. */
  readonly entry: LedgerEvent | undefined;
}

/** A version whose status changed; `to: null` is a version that vanished. */
export interface ObservedMove {
  readonly version: number;
  readonly from: VersionStatus | null;
  readonly to: VersionStatus | null;
}

/** Reads the writes of one transaction to one key's partition. */
export function transitionOf(key: KeyView, writes: readonly [RegistryItemWritten, ...RegistryItemWritten[]]): Transition {
  const ofKind = (kind: string): RegistryItemWritten[] => writes.filter((event) => kindOf(event).kind === kind);
  const [meta] = ofKind('meta');
  const [freeze] = ofKind('freeze');
  const { seq, atMs, actor, traceId } = meta ?? writes[0];
  const before = meta === undefined ? key.meta : managedKeyOf(meta.before);
  const after = meta === undefined ? key.meta : managedKeyOf(meta.after);
  // What left META before lives on in the view; a version that is in neither has vanished.
  const left = [...key.versions].filter(([, version]) => isTerminal(version.status));
  const versionsBefore = new Map([...left, ...versionsOf(before)]);
  const leaving = ofKind('version').flatMap((event) => keyVersionOf(event.after) ?? []);
  // Keyturn deletes no version: whoever puts the table back to what it was does.
  const deleted = new Set(ofKind('version').flatMap((event) => (event.after === null ? (keyVersionOf(event.before)?.number ?? []) : [])));
  const versionsAfter = new Map([...left.filter(([number]) => !deleted.has(number)), ...versionsOf(after), ...leaving.map((version) => [version.number, version] as const)]);
  return {
    key,
    actor,
    traceId,
    moment: { seq, atMs },
    meta,
    before,
    after,
    isUnreadable: meta !== undefined && ((meta.before !== null && before === undefined) || (meta.after !== null && after === undefined)),
    versionsBefore,
    versionsAfter,
    freeze,
    ledger: ofKind('ledger').map((event) => ({ event, entry: ledgerEventOf(event.after) })),
  };
}

/** Statuses that the transition changed, in order of version. */
export function movesOf({ versionsBefore, versionsAfter }: Transition): ObservedMove[] {
  const numbers = [...new Set([...versionsBefore.keys(), ...versionsAfter.keys()])].sort((left, right) => left - right);
  return numbers
    .map((version) => ({ version, from: versionsBefore.get(version)?.status ?? null, to: versionsAfter.get(version)?.status ?? null }))
    .filter((move) => move.from !== move.to);
}

/** Whether a member of the aggregate differs between the two images. */
export function hasChanged({ before, after }: Transition, member: keyof ManagedKey): boolean {
  return !isDeepStrictEqual(before?.[member] ?? null, after?.[member] ?? null);
}

function versionsOf(key: ManagedKey | undefined): [number, KeyVersion][] {
  return Object.values(key?.versions ?? {}).map((version) => [version.number, version]);
}
