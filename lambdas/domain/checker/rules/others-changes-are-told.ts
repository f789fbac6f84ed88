import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS, MIN_WINDOW_SECONDS, SECOND_LOOK_SECONDS } from '../../../contract/timing';
import { stateOf } from '../../expected-state';
import { msOf, type Instant } from '../../instant';
import type { KmsAliasChanged, KmsKeyStateChanged } from '../../trace';
import { isTerminal } from '../../version-status';
import { Looks, type Look } from '../looks';
import { lastStays, promisedAlias } from '../promise';
import { isBeingRescued, isFreeze } from '../registry-items';
import type { Rule } from '../rule';
import { Told } from '../told';
import type { KeyView } from '../world';
import { UNSEEN_IN_KMS_MS } from './retirement';

/** Whoever watches the keys has so long to see it and to tell. A registry is looked through by reconciliations, and the second one that sees it tells, if that is sooner. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

/** A change that is so young may not be seen: KMS shows it late. A look that comes so soon behind another may be at the same time. */
const UNSEEN_MS = KMS_CONSISTENCY_SECONDS * 1000;
const APART_MS = 2 * SECOND_LOOK_SECONDS * 1000;

/** So long after the registry has moved, what KMS shows may be the side before it: a stamp is as old as its state, and so may be who looks. */
const UNSETTLED_MS = (KMS_CONSISTENCY_SECONDS + 2 * MAX_STATE_SECONDS) * 1000;

type KmsChange = KmsAliasChanged | KmsKeyStateChanged;

/** A change that still stands. */
interface Change {
  readonly event: KmsChange;
  readonly table: string;
  readonly key: string;
  /** Names what was changed, as an alert does that is about this. */
  readonly isNaming: (text: string) => boolean;
  /** Since when a reconciliation must see it, and since when nothing about the key has changed. */
  visibleMs: number;
  unchangedMs: number;
  /** The first reconciliation that must have seen it: another one confirms it. */
  firstLook?: Look;
  isFrozenFor?: true;
}

/** One of a key about which nothing but a promise is known. */
interface PromisedChange {
  readonly event: KmsChange;
  readonly alias: string;
  undoneAtMs?: number;
}

/**
 * Invariant 10, by what KMS shows: when somebody else moves a managed alias, or changes the state of a key behind it, people are told of this, by an alert
 * or a freeze that names it, while it stands: at the second reconciliation that sees it, or a day later at the latest. What is undone before is nobody's loss.
 */
export const othersChangesAreTold: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const verdict = findings('10 what somebody else did to a key is told of', 'nobody else changed a managed alias or a key behind it, or too late to say what came of it, or keyturn was not at work');
  const told = new Told(options);
  const looks = new Looks();
  let standing: Change[] = [];
  const promised: PromisedChange[] = [];
  let isWatched = false;

  function isOther(actor: string): boolean {
    return !options.isKeyturn(actor) && !isAws(actor);
  }

  function isTold({ event, key, isNaming, isFrozenFor }: Change): boolean {
    return isFrozenFor === true || told.isNamed(key, event.seq, isNaming);
  }

  /** Whether KMS is still as the change has left it, and not as the registry says. */
  function isDifferent({ event, table, key }: Change): boolean {
    const view = world.key(table, key);
    return event.type === 'kms.alias-changed' ? !isLegalTarget(view, event.to) : !isLegalState(view, event.keyId, world.kmsChange(event.keyId)?.to ?? event.to);
  }

  function note(event: KmsChange, key: KeyView, isNaming: Change['isNaming']): void {
    for (const other of standing) if (isOf(key, other)) begin(other, event.atMs, event.atMs);
    const change = { event, table: key.table, key: key.name, isNaming, visibleMs: 0, unchangedMs: 0 };
    begin(change, Math.max(event.atMs + UNSEEN_MS, sideBeforeAtMs(key, event) + UNSETTLED_MS), event.atMs);
    standing.push(change);
  }

  /** A difference that has become another one is looked at anew. */
  function begin(change: Change, visibleMs: number, unchangedMs: number): void {
    Object.assign(change, { visibleMs: Math.max(change.visibleMs, visibleMs), unchangedMs, firstLook: undefined });
  }

  function judge(change: Change, atMs: number, what: string): void {
    const { event, key } = change;
    verdict.examined();
    if (isTold(change)) return;
    const done = event.type === 'kms.alias-changed' ? `pointed ${event.alias} to ${event.to ?? 'nothing'}` : `made ${event.keyId} ${event.to}`;
    verdict.violated(`${key}: ${event.actor} ${done}, ${what} ${Math.round((atMs - event.atMs) / 60_000)} minutes later, and nobody was told`, [event.seq]);
  }

  /** The alias or the key state of a change is changed again. */
  function end(change: Change, { actor, atMs }: KmsChange): void {
    const isRepaired = world.key(change.table, change.key).frozen !== undefined;
    const isOverwritten = options.isKeyturn(actor) && !isRepaired && atMs - change.event.atMs > UNSEEN_IN_KMS_MS && isDifferent(change);
    if (isTold(change)) judge(change, atMs, '');
    else if (isOverwritten) judge(change, atMs, 'keyturn went over it');
    else if (isOverdue(change, atMs)) judge(change, atMs, 'it was undone');
  }

  /** A frozen key waits for a person, whose repair ends with all of it as it should be. */
  function isOverdue(change: Change, atMs: number): boolean {
    return atMs - change.unchangedMs > GRACE_MS && isDifferent(change) && world.key(change.table, change.key).frozen === undefined;
  }

  function see(change: Change, look: Look): void {
    if (look.beginMs < change.visibleMs || !isDifferent(change) || world.key(change.table, change.key).frozen !== undefined) return;
    if (change.firstLook === undefined) change.firstLook = look;
    else if (look.beginMs >= change.firstLook.beginMs + APART_MS) {
      judge(change, look.endMs, 'a second reconciliation saw it');
      standing = standing.filter((other) => other !== change);
    }
  }

  function replace(isSame: (event: KmsChange) => boolean, by: KmsChange): void {
    const over = standing.filter((change) => isSame(change.event));
    standing = standing.filter((change) => !over.includes(change));
    for (const change of over) end(change, by);
  }

  function onMove(event: KmsAliasChanged): void {
    const { alias, from, to } = event;
    if (from === to) return;
    replace((other) => other.type === event.type && other.alias === alias, event);
    const key = world.keyOfAlias(alias);
    if (key === undefined) return notePromisedMove(event);
    if (isOther(event.actor) && !isLegalTarget(key, to)) note(event, key, (text) => text.includes(`${alias} points to ${to ?? 'no key'}`));
  }

  function onState(event: KmsKeyStateChanged): void {
    const { keyId, to, actor } = event;
    // KMS deletes what somebody else has scheduled: that is still their doing.
    if (!isAws(actor)) replace((other) => other.type === event.type && other.keyId === keyId, event);
    const view = world.versionOfKmsKey(keyId);
    if (view === undefined) return notePromisedState(event);
    const { key, version } = view;
    const isNaming = (text: string): boolean => text.includes(`(${keyId}) is `) || text.includes(`v${version.number} is ${to}`);
    if (isOther(actor) && !isLegalState(key, keyId, to)) note(event, key, isNaming);
  }

  function notePromisedMove(event: KmsAliasChanged): void {
    const undone = promised.filter((change) => change.undoneAtMs === undefined && change.event.type === event.type && change.alias === event.alias && change.event.from === event.to);
    for (const change of undone) change.undoneAtMs = event.atMs;
    const isNew = undone.length === 0 && event.from !== null;
    if (isNew && isOther(event.actor) && promisedAlias(inquiry, event.alias) !== undefined) promised.push({ alias: event.alias, event });
  }

  function notePromisedState(event: KmsKeyStateChanged): void {
    if (event.to === 'Enabled') for (const change of promised) if (change.event.type === event.type && change.event.keyId === event.keyId) change.undoneAtMs ??= event.atMs;
    if ((event.to !== 'Disabled' && event.to !== 'PendingDeletion') || !isOther(event.actor)) return;
    for (const { alias, key, end: left } of lastStays(inquiry, event.keyId)) if (left === undefined && key === undefined) promised.push({ alias, event });
  }

  function judgePromised({ alias, event, undoneAtMs = Infinity }: PromisedChange): void {
    const name = promisedAlias(inquiry, alias)?.promise.name;
    if (name === undefined) return;
    const dueMs = event.atMs + GRACE_MS;
    const isKnown = told.isTold(name, event.atMs, dueMs);
    if (!isKnown && options.untilMs <= dueMs) return;
    verdict.examined();
    if (isKnown || undoneAtMs <= dueMs) return;
    const what = event.type === 'kms.alias-changed' ? `pointed ${alias} to ${event.to ?? 'nothing'}` : `made ${event.keyId}, which ${alias} points to, ${event.to}`;
    verdict.violated(`${name}: ${event.actor} ${what}, and nobody was told`, [event.seq]);
  }

  return {
    onTransition({ key, actor, freeze, moment }) {
      isWatched ||= options.isKeyturn(actor);
      const reason = freeze !== undefined && isFreeze(freeze.after) ? freeze.after?.['reason'] : undefined;
      for (const change of standing) {
        if (!isOf(key, change)) continue;
        begin(change, moment.atMs + UNSETTLED_MS, moment.atMs);
        if (typeof reason === 'string' && change.isNaming(reason)) change.isFrozenFor = true;
      }
    },
    onItem: (event) => { told.onItem(event); },
    onEvent(event) {
      isWatched ||= options.isKeyturn(event.actor);
      told.onEvent(event);
      if (event.type === 'kms.alias-changed') onMove(event);
      if (event.type === 'kms.key-state-changed') onState(event);
      const look = looks.onEvent(event);
      if (look !== undefined) for (const change of standing) see(change, look);
    },
    atEnd() {
      if (!isWatched) return;
      for (const change of standing) if (isTold(change) || isOverdue(change, options.untilMs)) judge(change, options.untilMs, 'it stood');
      for (const change of promised) judgePromised(change);
    },
  };
};

function isAws(actor: string): boolean {
  return actor.endsWith('.amazonaws.com');
}

function isOf({ table, name }: KeyView, change: Change): boolean {
  return change.table === table && change.key === name;
}

/** When keyturn did that to which this is the side before, as KMS may show it late; `-Infinity` for a third value. */
function sideBeforeAtMs({ meta, versions }: KeyView, event: KmsChange): number {
  const ms = (at: Instant | undefined): number => (at === undefined ? -Infinity : msOf(at));
  if (event.type === 'kms.alias-changed') {
    const active = [...versions.values()].find(({ status }) => status === 'ACTIVE');
    const before = [...versions.values()].find(({ supersededBy }) => supersededBy !== undefined && supersededBy === active?.number)?.kmsKeyId ?? null;
    return event.to === before ? ms(active?.activatedAt) : -Infinity;
  }
  const version = [...versions.values()].find(({ kmsKeyId }) => kmsKeyId === event.keyId);
  switch (`${version?.status ?? ''} ${event.to}`) {
    case 'DISABLED Enabled':
      return ms(version?.disabledAt);
    case 'DISABLED PendingDeletion':
      return ms(meta?.hold?.at);
    case 'REVOKED Disabled':
      return ms(version?.revokedAt);
    case 'DEPRECATED Disabled':
    case 'DEPRECATED PendingDeletion':
      return ms(version?.rescuedAt);
    default:
      return -Infinity;
  }
}

/** Where the alias may point: to the ACTIVE version, and while a promotion is open to its key. Nobody looks after a key that has gone from the registry. */
function isLegalTarget({ meta, versions }: KeyView, kmsKeyId: string | null): boolean {
  if (meta === undefined) return true;
  const active = [...versions.values()].find(({ status }) => status === 'ACTIVE')?.kmsKeyId ?? null;
  return kmsKeyId === active || (meta.intent?.kind === 'promote' && kmsKeyId === meta.intent.toKeyId);
}

/** What state a version's key may be in: that of its status, and what is being done to it. Of a key whose store is away nothing can be said. */
function isLegalState({ meta, versions }: KeyView, kmsKeyId: string, state: string): boolean {
  const version = [...versions.values()].find((candidate) => candidate.kmsKeyId === kmsKeyId);
  if (version === undefined || isTerminal(version.status) || isBeingRescued(meta, version.number) || state === 'Unavailable') return true;
  const legal: string[] = [stateOf(version)];
  const intent = meta?.intent?.version === version.number ? meta.intent.kind : undefined;
  if (intent === 'disable') legal.push('Disabled');
  if (intent === 'revoke') legal.push('Disabled', 'PendingDeletion');
  // A hold cancels a deletion before it says so.
  if (version.status === 'REVOKED' && meta?.hold != null) legal.push('Disabled');
  return legal.includes(state);
}
