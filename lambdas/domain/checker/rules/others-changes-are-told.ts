import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import type { KmsAliasChanged, KmsKeyStateChanged } from '../../trace';
import { isStandingStill, lastStays, promisedAlias, type PromisedAlias } from '../promise';
import type { Rule } from '../rule';

/** Whoever watches the keys has so long to see it and to tell. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

interface Change {
  readonly alias: string;
  readonly event: KmsAliasChanged | KmsKeyStateChanged;
  isTold: boolean;
  isUndone: boolean;
}

/** Invariant 10, by what KMS shows: when somebody else moves a managed alias, or makes the key behind it unusable, people are told, unless it is undone at once. */
export const othersChangesAreTold: Rule = (inquiry) => {
  const { options, findings } = inquiry;
  const told = findings('10 what somebody else did to a key is told of', 'nobody else changed a managed alias or the key behind it, or keyturn was not at work');
  const changes: Change[] = [];
  let isWatched = false;

  function isOther(actor: string): boolean {
    return !options.isKeyturn(actor) && !actor.endsWith('.amazonaws.com');
  }

  function note(alias: string, event: Change['event']): void {
    changes.push({ alias, event, isTold: false, isUndone: false });
  }

  function judge({ alias, event, isTold, isUndone }: Change, promised: PromisedAlias): void {
    if (!isTold && options.untilMs - event.atMs <= GRACE_MS) return;
    told.examined();
    if (isTold || isUndone || isStandingStill(promised)) return;
    const what = event.type === 'kms.alias-changed' ? `pointed ${alias} to ${event.to ?? 'nothing'}` : `made ${event.keyId}, which ${alias} points to, ${event.to}`;
    told.violated(`${promised.promise.name}: ${event.actor} ${what}, and nobody was told within ${GRACE_MS / 3_600_000} hours`, [event.seq]);
  }

  return {
    onTransition({ actor }) {
      isWatched ||= options.isKeyturn(actor);
    },
    onEvent(event) {
      isWatched ||= options.isKeyturn(event.actor);
      if (event.type !== 'sns.published' && event.type !== 'kms.alias-changed' && event.type !== 'kms.key-state-changed') return;
      const open = changes.filter((change) => event.atMs - change.event.atMs <= GRACE_MS);
      if (event.type === 'sns.published') {
        for (const change of open) if (promisedAlias(inquiry, change.alias)?.promise.name === event.attributes['key']) change.isTold = true;
      }
      if (event.type === 'kms.alias-changed') {
        const undone = open.filter((change) => change.event.type === event.type && change.alias === event.alias && change.event.from === event.to);
        for (const change of undone) change.isUndone = true;
        if (undone.length === 0 && event.from !== null && event.from !== event.to && isOther(event.actor) && promisedAlias(inquiry, event.alias) !== undefined) note(event.alias, event);
      }
      if (event.type === 'kms.key-state-changed') {
        for (const change of open) if (change.event.type === event.type && change.event.keyId === event.keyId && event.to === 'Enabled') change.isUndone = true;
        if ((event.to === 'Disabled' || event.to === 'PendingDeletion') && isOther(event.actor)) {
          for (const { alias, end } of lastStays(inquiry, event.keyId)) if (end === undefined) note(alias, event);
        }
      }
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
