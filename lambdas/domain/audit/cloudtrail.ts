import { msOf } from '../instant';
import type { TraceEvent } from '../trace';

/** What the audit reads of one record of CloudTrail. */
export interface CloudTrailRecord {
  readonly eventID: string;
  /** In whole seconds. */
  readonly eventTime: string;
  readonly eventName: string;
  readonly errorCode?: string | undefined;
  /** ARN of the caller; of an assumed role the role's own, whose path tells keyturn's roles. */
  readonly actor: string;
  readonly requestParameters: Readonly<Record<string, unknown>>;
  /** ARN of the KMS key that the call was resolved to. */
  readonly keyArn?: string | undefined;
}

type Body<Event> = Event extends TraceEvent ? Omit<Event, 'seq'> : never;

/** An event that has no place in a trace yet. */
export type Unplaced = Body<TraceEvent>;

/** Key states after the calls that change them. */
const STATE_AFTER: ReadonlyMap<string, string> = new Map([
  ['DisableKey', 'Disabled'],
  ['EnableKey', 'Enabled'],
  ['ScheduleKeyDeletion', 'PendingDeletion'],
  ['CancelKeyDeletion', 'Disabled'],
  ['DeleteKey', 'Deleted'],
]);

const USES = /^(Encrypt|Decrypt|ReEncrypt|GenerateDataKey\w*|Sign|Verify|GenerateMac|VerifyMac|DeriveSharedSecret|Encapsulate|Decapsulate)$/;

/**
 * Records of KMS as events of the trace, in order of time. Calls that were refused changed nothing; a change to what was so already is none.
 * CloudTrail's times are whole seconds, so an event counts from the end of its second.
 */
export function eventsOf(records: readonly CloudTrailRecord[]): readonly Unplaced[] {
  const states = new Map<string, string>();
  const targets = new Map<string, string>();
  const events: Unplaced[] = [];
  for (const record of inOrder(records)) {
    const { eventName, errorCode, actor, requestParameters } = record;
    const at = { atMs: msOf(record.eventTime) + 999, actor };
    const keyId = keyIdOf(record);
    if (USES.test(eventName)) {
      events.push({ ...at, type: 'kms.key-used', operation: eventName, keyId: keyId ?? null, alias: aliasIn(requestParameters['keyId']), error: errorCode === 'AccessDenied' ? 'AccessDeniedException' : (errorCode ?? null) });
      continue;
    }
    if (errorCode !== undefined) continue;
    const state = STATE_AFTER.get(eventName);
    if (state !== undefined && keyId !== undefined) {
      const from = states.get(keyId) ?? 'Enabled';
      states.set(keyId, state);
      if (from !== state) events.push({ ...at, type: 'kms.key-state-changed', keyId, from, to: state });
    }
    if (eventName === 'CreateAlias' || eventName === 'UpdateAlias' || eventName === 'DeleteAlias') {
      const alias = textOf(requestParameters['aliasName']);
      const to = eventName === 'DeleteAlias' ? null : lastPart(textOf(requestParameters['targetKeyId']));
      events.push({ ...at, type: 'kms.alias-changed', alias, from: targets.get(alias) ?? null, to });
      if (to === null) targets.delete(alias);
      else targets.set(alias, to);
    }
  }
  return events;
}

/** Exports come newest first or oldest first, and in pieces that overlap. */
function inOrder(records: readonly CloudTrailRecord[]): readonly CloudTrailRecord[] {
  const distinct = [...new Map(records.map((record) => [record.eventID, record])).values()];
  const [first, last] = [distinct[0], distinct.at(-1)];
  if (first !== undefined && last !== undefined && msOf(first.eventTime) > msOf(last.eventTime)) distinct.reverse();
  return distinct.sort((left, right) => msOf(left.eventTime) - msOf(right.eventTime));
}

function keyIdOf({ keyArn, requestParameters }: CloudTrailRecord): string | undefined {
  if (keyArn !== undefined) return lastPart(keyArn);
  const named = textOf(requestParameters['keyId']);
  return named === '' || aliasIn(named) !== null ? undefined : lastPart(named);
}

/** `alias/orders` of an alias or its ARN; `null` for anything else. */
function aliasIn(keyId: unknown): string | null {
  return /(?:^|:)(alias\/.+)$/.exec(textOf(keyId))?.[1] ?? null;
}

function lastPart(keyIdOrArn: string): string {
  return keyIdOrArn.slice(keyIdOrArn.lastIndexOf('/') + 1);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
