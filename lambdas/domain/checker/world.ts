import { canonicalJson } from '../ledger';
import type { KeyVersion, ManagedKey } from '../managed-key';
import type { KmsAliasChanged, KmsKeyStateChanged, RegistryItemWritten, TraceEvent } from '../trace';
import type { Approval } from '../approval';
import { answerOf, approvalOf, isFreeze, type Answer } from './registry-items';
import { hasChanged, type Transition } from './transitions';

/** A moment of the trace. */
export interface Moment {
  readonly seq: number;
  readonly atMs: number;
}

/** One managed key as the registry holds it at the moment that is being looked at. */
export interface KeyView {
  readonly table: string;
  readonly name: string;
  /** `undefined` before it is registered, and while its item cannot be read. */
  readonly meta: ManagedKey | undefined;
  /** `seq` of the event that wrote `meta`. */
  readonly metaSeq: number | undefined;
  /** All versions by number, terminal ones included. */
  readonly versions: ReadonlyMap<number, KeyVersion>;
  /** When its policy was last changed. */
  readonly policyChanged: Moment | undefined;
  /** Since when the key is frozen, quarantined, held, and has its open intent. */
  readonly frozen: Moment | undefined;
  readonly quarantined: Moment | undefined;
  readonly held: Moment | undefined;
  readonly intended: Moment | undefined;
  /** When the fencing token last grew, and in which invocation. */
  readonly fenceRaised: (Moment & { readonly traceId: string | undefined }) | undefined;
  /** When somebody who is not keyturn last wrote `meta`, as a restore does: what keyturn did before, it did by another registry. */
  readonly putBack: Moment | undefined;
  /** Whether a version was ever ACTIVE. */
  readonly isBootstrapped: boolean;
}

/** An approval as the registry holds it. */
export interface ApprovalView {
  readonly table: string;
  readonly approval: Approval;
  /** `seq` of the event that wrote it last. */
  readonly seq: number;
}

/** A time during which an alias pointed to one KMS key. */
export interface Stay {
  readonly alias: string;
  readonly keyId: string;
  readonly begin: KmsAliasChanged;
  /** The change by which the alias left the key; `undefined` while it points there. */
  readonly end: KmsAliasChanged | undefined;
}

/** A version of a managed key, found by its KMS key or its alias. */
export interface VersionView {
  readonly key: KeyView;
  readonly version: KeyVersion;
}

/**
 * What was true at each moment of a trace: registry, KMS key states and aliases, replayed from what was applied.
 * Rules look at it before the event that they judge is applied.
 */
export class World {
  private readonly keys = new Map<string, KeyView>();
  private readonly keyIdByAlias = new Map<string, string>();
  private readonly versionByKmsKey = new Map<string, { keyId: string; number: number }>();
  private readonly kmsChanges = new Map<string, KmsKeyStateChanged>();
  private readonly madeUnusable = new Map<string, KmsKeyStateChanged>();
  private readonly aliasChanges = new Map<string, KmsAliasChanged>();
  private readonly stays = new Map<string, Stay[]>();
  private readonly aliasesByKmsKey = new Map<string, Set<string>>();
  private readonly answers = new Map<string, RegistryItemWritten>();
  private readonly approvals = new Map<string, ApprovalView>();

  constructor(private readonly isKeyturn: (actor: string) => boolean) {}

  /** The view of a key; an empty one for a key that the trace has not shown yet. */
  key(table: string, name: string): KeyView {
    return this.keys.get(idOf(table, name)) ?? emptyView(table, name);
  }

  allKeys(): Iterable<KeyView> {
    return this.keys.values();
  }

  /** The managed key that an alias belongs to. */
  keyOfAlias(alias: string): KeyView | undefined {
    const id = this.keyIdByAlias.get(alias);
    return id === undefined ? undefined : this.keys.get(id);
  }

  /** The version that a version alias (`alias/orders/v3`) names; its number alone when the registry does not know it. */
  versionOfAlias(alias: string): { readonly key: KeyView; readonly number: number; readonly version: KeyVersion | undefined } | undefined {
    const [, main, digits] = /^(.+)\/v([1-9]\d*)$/.exec(alias) ?? [];
    const key = main === undefined ? undefined : this.keyOfAlias(main);
    if (key === undefined) return undefined;
    const number = Number(digits);
    return { key, number, version: key.versions.get(number) };
  }

  /** None for a key whose version was made anew after the table had been restored. */
  versionOfKmsKey(kmsKeyId: string): VersionView | undefined {
    const place = this.versionByKmsKey.get(kmsKeyId);
    const key = place === undefined ? undefined : this.keys.get(place.keyId);
    const version = place === undefined ? undefined : key?.versions.get(place.number);
    return key === undefined || version?.kmsKeyId !== kmsKeyId ? undefined : { key, version };
  }

  /** The last change of a KMS key's state, if the trace shows one. */
  kmsChange(kmsKeyId: string): KmsKeyStateChanged | undefined {
    return this.kmsChanges.get(kmsKeyId);
  }

  /** What ended the last time in which a KMS key could be used; `undefined` while it can be. What it becomes afterwards harms nobody any more. */
  harmTo(kmsKeyId: string): KmsKeyStateChanged | undefined {
    return this.madeUnusable.get(kmsKeyId);
  }

  /** The last change of an alias, if the trace shows one. */
  aliasChange(alias: string): KmsAliasChanged | undefined {
    return this.aliasChanges.get(alias);
  }

  /** The keys that an alias has pointed to, in order; the last one may still be its target. What was before the trace is known by its end. */
  staysOf(alias: string): readonly Stay[] {
    return this.stays.get(alias) ?? [];
  }

  /** The aliases that have ever pointed to a KMS key. */
  aliasesOf(kmsKeyId: string): Iterable<string> {
    return this.aliasesByKmsKey.get(kmsKeyId) ?? [];
  }

  /** The KMS keys that an alias has ever pointed to. */
  aliasedKmsKeys(): Iterable<string> {
    return this.aliasesByKmsKey.keys();
  }

  /** Whether a dependent has said yes, about this version, in this phase. */
  hasAnswered(table: string, question: Omit<Answer, 'answer'>): boolean {
    return this.answers.has(answerId(table, question));
  }

  allApprovals(): Iterable<ApprovalView> {
    return this.approvals.values();
  }

  /** The approvals of a key, with the event that wrote each last. */
  approvalsOf(table: string, name: string): readonly ApprovalView[] {
    return [...this.approvals.values()].filter((view) => view.table === table && view.approval.key === name);
  }

  applyTransition(transition: Transition): void {
    const { key: view, meta, after, freeze, moment } = transition;
    const frozen = freeze === undefined ? view.frozen : this.frozenAfter(view, freeze, moment);
    const next: KeyView = meta === undefined ? { ...view, versions: transition.versionsAfter, frozen } : { ...this.withMeta(view, transition), frozen };
    const id = idOf(view.table, view.name);
    this.keys.set(id, next);
    if (after !== undefined) this.keyIdByAlias.set(after.policy.alias, id);
    for (const version of next.versions.values()) {
      if (version.kmsKeyId !== undefined && this.versionOfKmsKey(version.kmsKeyId) === undefined) {
        this.versionByKmsKey.set(version.kmsKeyId, { keyId: id, number: version.number });
      }
    }
  }

  applyEvent(event: TraceEvent): void {
    if (event.type === 'kms.key-state-changed') this.applyState(event);
    if (event.type === 'kms.alias-changed') this.applyAlias(event);
  }

  applyItem(event: RegistryItemWritten): void {
    const approval = approvalOf(event.after);
    if (approval !== undefined) this.approvals.set(`${event.table} ${approval.id}`, { table: event.table, approval, seq: event.seq });
    const answer = answerOf(event.after);
    if (answer?.answer.verdict === 'yes' && answer.answer.version === answer.version) this.answers.set(answerId(event.table, answer), event);
  }

  private applyState(event: KmsKeyStateChanged): void {
    this.kmsChanges.set(event.keyId, event);
    if (event.to === 'Enabled') this.madeUnusable.delete(event.keyId);
    else if (!this.madeUnusable.has(event.keyId)) this.madeUnusable.set(event.keyId, event);
  }

  private applyAlias(event: KmsAliasChanged): void {
    const { alias, from, to } = event;
    this.aliasChanges.set(alias, event);
    for (const keyId of [from, to]) if (keyId !== null) this.aliasesByKmsKey.set(keyId, (this.aliasesByKmsKey.get(keyId) ?? new Set()).add(alias));
    if (from === to) return;
    const stays = this.stays.get(alias) ?? [];
    this.stays.set(alias, stays);
    const last = stays.at(-1);
    if (last?.end === undefined && last?.keyId === from) stays[stays.length - 1] = { ...last, end: event };
    else if (from !== null) stays.push({ alias, keyId: from, begin: event, end: event });
    if (to !== null) stays.push({ alias, keyId: to, begin: event, end: undefined });
  }

  /** A freeze ends when it is lifted. Keyturn deletes nothing of a key, so that one whose item it deleted stands; what somebody else took away, keyturn cannot know. */
  private frozenAfter(view: KeyView, { actor, after }: RegistryItemWritten, moment: Moment): Moment | undefined {
    if (isFreeze(after)) return view.frozen ?? moment;
    return after === null && this.isKeyturn(actor) ? view.frozen : undefined;
  }

  private withMeta(view: KeyView, transition: Transition): KeyView {
    const { before, after, versionsAfter, moment, traceId } = transition;
    const isFenceRaised = after !== undefined && after.fence > (before?.fence ?? 0);
    return {
      ...view,
      meta: after,
      metaSeq: moment.seq,
      versions: versionsAfter,
      policyChanged: hasChanged(transition, 'policy') ? moment : view.policyChanged,
      quarantined: (after?.quarantine ?? null) === null ? undefined : (view.quarantined ?? moment),
      held: (after?.hold ?? null) === null ? undefined : (view.held ?? moment),
      intended: (after?.intent ?? null) === null ? undefined : hasChanged(transition, 'intent') ? moment : (view.intended ?? moment),
      putBack: this.isKeyturn(transition.actor) ? view.putBack : moment,
      fenceRaised: isFenceRaised ? { ...moment, traceId } : view.fenceRaised,
      isBootstrapped: view.isBootstrapped || [...versionsAfter.values()].some((version) => version.activatedAt !== undefined || version.status === 'ACTIVE'),
    };
  }
}

function idOf(table: string, name: string): string {
  return `${table} ${name}`;
}

function answerId(table: string, { key, version, dependent, phase }: Omit<Answer, 'answer'>): string {
  return canonicalJson([table, key, version, dependent, phase]);
}

function emptyView(table: string, name: string): KeyView {
  return {
    table,
    name,
    meta: undefined,
    metaSeq: undefined,
    policyChanged: undefined,
    versions: new Map(),
    frozen: undefined,
    quarantined: undefined,
    held: undefined,
    intended: undefined,
    putBack: undefined,
    fenceRaised: undefined,
    isBootstrapped: false,
  };
}
