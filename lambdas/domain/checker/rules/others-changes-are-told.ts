import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import type { KmsAliasChanged, KmsKeyStateChanged } from '../../trace';
import { isStandingStill, lastStays, promisedAlias, type PromisedAlias } from '../promise';
import type { Rule } from '../rule';
import { Told } from '../told';

/** Whoever watches the keys has so long to see it and to tell. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

interface Change {
  readonly alias: string;
  readonly event: KmsAliasChanged | KmsKeyStateChanged;
  undoneAtMs?: number;
}

/** Invariant 10, by what KMS shows: when somebody else moves a managed alias, or makes the key behind it unusable, people are told, unless it is undone in time. */
export const othersChangesAreTold: Rule = (inquiry) => {
  const { options, findings } = inquiry;
  const verdict = findings('10 what somebody else did to a key is told of', 'nobody else changed a managed alias or the key behind it, or keyturn was not at work');
  const told = new Told(options);
  const changes: Change[] = [];
  let isWatched = false;

  function isOther(actor: string): boolean {
    return !options.isKeyturn(actor) && !actor.endsWith('.amazonaws.com');
  }

  function noteMove(event: KmsAliasChanged): void {
    const undone = changes.filter((change) => change.event.type === event.type && change.alias === event.alias && change.event.from === event.to);
    for (const change of undone) change.undoneAtMs ??= event.atMs;
    const isNew = undone.length === 0 && event.from !== null && event.from !== event.to;
    if (isNew && isOther(event.actor) && promisedAlias(inquiry, event.alias) !== undefined) changes.push({ alias: event.alias, event });
  }

  function noteState(event: KmsKeyStateChanged): void {
    if (event.to === 'Enabled') for (const change of changes) if (change.event.type === event.type && change.event.keyId === event.keyId) change.undoneAtMs ??= event.atMs;
    if ((event.to !== 'Disabled' && event.to !== 'PendingDeletion') || !isOther(event.actor)) return;
    for (const { alias, end } of lastStays(inquiry, event.keyId)) if (end === undefined) changes.push({ alias, event });
  }

  function judge({ alias, event, undoneAtMs }: Change, promised: PromisedAlias): void {
    // What keyturn sees depends on how often it is let look: whoever runs it less often than it is made for hears of it later.
    const dueMs = promised.key === undefined ? event.atMs + GRACE_MS : options.untilMs;
    const isTold = told.isTold(promised.promise.name, event.atMs, dueMs);
    if (!isTold && options.untilMs - event.atMs <= GRACE_MS) return;
    verdict.examined();
    if (isTold || (undoneAtMs !== undefined && undoneAtMs <= dueMs) || isStandingStill(promised)) return;
    const what = event.type === 'kms.alias-changed' ? `pointed ${alias} to ${event.to ?? 'nothing'}` : `made ${event.keyId}, which ${alias} points to, ${event.to}`;
    verdict.violated(`${promised.promise.name}: ${event.actor} ${what}, and nobody was told`, [event.seq]);
  }

  return {
    onTransition({ actor }) {
      isWatched ||= options.isKeyturn(actor);
    },
    onItem: (event) => { told.onItem(event); },
    onEvent(event) {
      isWatched ||= options.isKeyturn(event.actor);
      told.onEvent(event);
      if (event.type === 'kms.alias-changed') noteMove(event);
      if (event.type === 'kms.key-state-changed') noteState(event);
    },
    atEnd() {
      if (!isWatched) return;
      for (const change of changes) {
        const promised = promisedAlias(inquiry, change.alias);
        if (promised !== undefined) judge(change, promised);
      }
    },
  };
};
