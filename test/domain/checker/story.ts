import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { KEY_TAGS } from '../../../lambdas/contract/names';
import { QUIESCENCE_SECONDS } from '../../../lambdas/contract/timing';
import { check, type CheckOptions, type Verdict } from '../../../lambdas/domain/checker';
import type { Approval, Vote } from '../../../lambdas/domain/approval';
import { instantOf, msOf, plusSeconds } from '../../../lambdas/domain/instant';
import { GENESIS_HASH, seal, type LedgerEvent, type LedgerEventType } from '../../../lambdas/domain/ledger';
import { versionAlias, versionOf, withVersion, type Emergency, type KeyVersion, type ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Json, TraceEvent } from '../../../lambdas/domain/trace';
import { isTerminal } from '../../../lambdas/domain/version-status';

export const KEYTURN = 'arn:aws:sts::111122223333:assumed-role/keyturn-task-role/keyturn';
export const CONSUMER = 'arn:aws:sts::111122223333:assumed-role/shop/i-1';
export const DAY = 86_400;
export const A1 = 'orders-20260101T0000Z-a1';
export const A2 = 'orders-20260401T0000Z-a1';
export const ALIAS = 'alias/orders';
export const ALICE = 'arn:aws:iam::111122223333:user/alice';
export const BOB = 'arn:aws:iam::111122223333:user/bob';

export const POLICY: KeyPolicy = {
  name: 'orders', alias: ALIAS, owner: 'team-orders', description: '', strategy: 'alias-swap', spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS',
  rotateEverySeconds: 90 * DAY, anchor: '2026-01-01T00:00:00Z', startSpreadSeconds: 0, drainSeconds: 7 * DAY, backupRetentionSeconds: 0, idleSeconds: DAY, bakeSeconds: 7 * DAY,
  retirement: 'delete', autoDelete: true, deletionWindowDays: 7, emergencyDrainSeconds: 4 * 3600, approvers: 1, approvalTimeoutSeconds: 7 * DAY, maxAttempts: 3, tags: {},
  dependents: [{ name: 'billing', kind: 'event', principal: 'arn:aws:iam::111122223333:role/billing', acknowledgeWithinSeconds: DAY }],
};

type Body<T extends TraceEvent['type']> = Omit<Extract<TraceEvent, { type: T }>, 'type' | 'seq' | 'atMs' | 'actor' | 'traceId'>;
type Change = Partial<ManagedKey> | ((key: ManagedKey) => ManagedKey);

/** How a written transition differs from an honest one. */
export interface Tampering {
  readonly meta?: (item: Record<string, unknown>) => Record<string, unknown>;
  readonly ledger?: (events: LedgerEvent[]) => LedgerEvent[];
  readonly isMetaMissing?: true;
  readonly facts?: Readonly<Record<string, string | number>>;
  /** The freeze's item before and after, written in the same transaction. */
  readonly freeze?: readonly [object | null, object | null];
}

/** Writes a trace by hand: what is done here was applied, whoever should have prevented it. */
export class Story {
  readonly events: TraceEvent[] = [];
  atMs: number;
  actor = KEYTURN;
  traceId: string | undefined;
  key: ManagedKey | undefined;
  private readonly states = new Map<string, string>();
  private readonly aliases = new Map<string, string>();
  private transactions = 0;

  constructor(start: string) {
    this.atMs = msOf(start);
  }

  get now(): string {
    return instantOf(this.atMs);
  }

  get seq(): number {
    return this.events.length - 1;
  }

  wait(seconds: number): void {
    this.atMs += seconds * 1000;
  }

  /** Does something as somebody else, or in another invocation. */
  as(who: { actor?: string; traceId?: string | undefined }, act: () => void): void {
    const { actor, traceId } = this;
    Object.assign(this, who);
    act();
    Object.assign(this, { actor, traceId });
  }

  emit<T extends TraceEvent['type']>(type: T, body: Body<T>): number {
    const base = { seq: this.events.length, atMs: this.atMs, actor: this.actor, ...(this.traceId === undefined ? {} : { traceId: this.traceId }) };
    this.events.push({ type, ...base, ...body } as unknown as TraceEvent);
    return this.seq;
  }

  /** One transaction of the registry: META, its ledger event, and versions that leave. */
  write(type: LedgerEventType, by: string, change: Change, tampering: Tampering = {}): number {
    const before = this.key;
    const changed = typeof change === 'function' ? change(this.required()) : ({ ...before, ...change } as ManagedKey);
    const { after, event } = seal(before, changed, { type, at: this.now, by, ...(tampering.facts === undefined ? {} : { facts: tampering.facts }) });
    const versions = Object.entries(after.versions);
    const stays = { ...after, versions: Object.fromEntries(versions.filter(([, version]) => !isTerminal(version.status))) };
    const transactionId = `t${++this.transactions}`;
    const item = (tampering.meta ?? ((meta) => meta))({ ...stays, dueIndex: 'DUE' });
    if (tampering.isMetaMissing === undefined) this.put('META', before ?? null, item, transactionId);
    const metaSeq = this.seq;
    for (const entry of (tampering.ledger ?? ((events) => events))([event])) this.put(`LEDGER#${String(entry.seq).padStart(10, '0')}`, null, entry, transactionId);
    if (tampering.freeze !== undefined) this.put('FREEZE', ...tampering.freeze, transactionId);
    for (const [, version] of versions) if (isTerminal(version.status)) this.put(`VERSION#${version.number}`, null, version, transactionId);
    this.key = item as unknown as ManagedKey;
    return metaSeq;
  }

  /** Writes without a ledger event. */
  put(sk: string, before: object | null, after: object | null, transactionId?: string, pk = 'KEY#orders'): number {
    const plain = (value: object | null): { [key: string]: Json } | null => (value === null ? null : { ...(JSON.parse(JSON.stringify(value)) as object), pk, sk });
    return this.emit('dynamodb.item-written', { table: 'registry', pk, sk, before: plain(before), after: plain(after), ...(transactionId === undefined ? {} : { transactionId }) });
  }

  version(number: number, change: Partial<KeyVersion>): (key: ManagedKey) => ManagedKey {
    return (key) => withVersion(key, { ...(versionOf(key, number) as KeyVersion), ...change });
  }

  /** @param version that its tags name; by default none */
  createKey(keyId: string, version?: number): number {
    const tags = version === undefined ? {} : { [KEY_TAGS.registry]: 'r', [KEY_TAGS.key]: 'orders', [KEY_TAGS.version]: String(version) };
    this.states.set(keyId, 'Enabled');
    return this.emit('kms.key-created', { keyId, keyArn: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`, spec: POLICY.spec, usage: POLICY.usage, origin: 'AWS_KMS', tags });
  }

  /** keyturn's own use of a new key. */
  prove(keyId: string): void {
    this.emit('kms.key-used', { operation: 'Encrypt', alias: null, keyId, error: null });
  }

  setState(keyId: string, to: string): number {
    const from = this.states.get(keyId) ?? 'Enabled';
    this.states.set(keyId, to);
    return this.emit('kms.key-state-changed', { keyId, from, to });
  }

  point(alias: string, to: string | null): number {
    const from = this.aliases.get(alias) ?? null;
    if (to === null) this.aliases.delete(alias);
    else this.aliases.set(alias, to);
    return this.emit('kms.alias-changed', { alias, from, to });
  }

  /** A consumer's call, through the alias or with a key id. */
  use(operation: string, target: string, error: string | null = null): number {
    const alias = target.startsWith('alias/') ? target : null;
    const { actor } = this;
    this.actor = actor === KEYTURN ? CONSUMER : actor;
    const seq = this.emit('kms.key-used', { operation, alias, keyId: alias === null ? target : (this.aliases.get(alias) ?? null), error });
    this.actor = actor;
    return seq;
  }

  answer(version: number, phase: string, verdict = 'yes', about = version): void {
    const question = { id: `${phase}${version}`, key: 'orders', version, dependent: 'billing', phase, principal: 'p' };
    this.as({ actor: 'arn:aws:sts::111122223333:assumed-role/keyturn-acknowledge/x' }, () => {
      this.put('ACK', question, { ...question, answer: { verdict, version: about, by: 'b', at: this.now } }, undefined, `ACK#${question.id}`);
    });
  }

  /** A call of the SDK within the present invocation. */
  call(operation: string, error: string | null = null): number {
    return this.emit('sdk.call', { service: 'kms', operation, error });
  }

  alert(key = 'orders', alertId?: string, message = 'm', stage?: string): number {
    return this.emit('sns.published', { topic: 'alerts', subject: 's', message, attributes: { key, ...(alertId === undefined ? {} : { alertId }), ...(stage === undefined ? {} : { stage }) } });
  }

  /** The word of a failed use comes to the dead-letter queue. */
  bury(user: string, keyId: string, by: string, error: string): number {
    return this.emit('lambda.dead-letter-sent', { function: by, error, payload: JSON.stringify({ userIdentity: { arn: user }, errorMessage: `${keyId} is disabled.` }) });
  }

  /** A reconciliation looks at every key. @param error of its call to KMS */
  look(error: string | null = null): number {
    this.as({ traceId: `Root=look-${this.seq}` }, () => {
      this.call('DescribeKey', error);
      this.emit('lambda.invoked', { function: 'Keyturn-Reconcile-1', execution: null, error: null });
    });
    return this.seq;
  }

  /** An alert is written down, or struck off again. */
  queue(id: string, message = 'm', stage = 's'): number {
    return this.put(id, null, { id, key: 'orders', subject: 's', message, attributes: { stage } }, undefined, 'ALERT#orders');
  }

  strike(id: string): number {
    return this.put(id, { id, key: 'orders', subject: 's' }, null, undefined, 'ALERT#orders');
  }

  /** An approval as it stands after its answers: of v1's revocation, asked by A2, consented to by one person, unless said otherwise. */
  approval(change: Partial<Approval> = {}): number {
    const votes: readonly Vote[] = [{ answer: 'approve', by: ALICE, at: this.now, reason: 'nobody needs it' }];
    const item: Approval = {
      id: 'a'.repeat(20), key: 'orders', purpose: 'revoke', question: 'may it be?', rev: this.required().rev, requestedBy: A2, requestedAt: this.now,
      expiresAt: plusSeconds(this.now, 7 * DAY), approversNeeded: 1, rotationId: A2, version: 1, errorClass: null, facts: {}, votes, outcome: 'approve', ...change,
    };
    return this.put('APPROVAL', null, item, undefined, `APPROVAL#${item.id}`);
  }

  /** Freezes, and ends the freeze as a repair does. */
  freeze(): number {
    return this.put('FREEZE', null, { by: 'x', at: this.now, reason: 'y' });
  }

  lift(type: LedgerEventType = 'FreezeLifted', facts: Readonly<Record<string, string>> = { approval: 'a'.repeat(20) }): number {
    const note = { by: 'x', at: this.now, reason: 'y' };
    return this.write(type, 'repair', {}, { facts, freeze: [note, { ...note, liftedAt: this.now, liftedBy: 'repair' }] });
  }

  start(execution: string): void {
    this.emit('states.execution-started', { execution, input: {} });
    this.traceId = `Root=${execution}`;
  }

  end(execution: string, status: string, outcome?: string): number {
    this.emit('lambda.invoked', { function: 'f', execution, error: null });
    this.traceId = undefined;
    return this.emit('states.execution-ended', { execution, status, output: outcome === undefined ? null : { outcome } });
  }

  required(): ManagedKey {
    if (this.key === undefined) throw new Error('the key is not registered yet');
    return this.key;
  }
}

/** The steps of a good life: bootstrap of v1, its replacement by v2, and its retirement until it is destroyed. */
const STEPS = {
  register: (s: Story) => {
    s.write('KeyRegistered', 'registrar', {
      schema: 1, name: 'orders', registryId: 'r', policy: POLICY, removed: false, hold: null, pause: null, quarantine: null, versions: {}, lastVersion: 0, intent: null, lease: null, fence: 0,
      window: null, completedWindow: null, repair: null, approvals: [], answeredApprovals: [], dueAt: s.now, rotationDueAt: s.now, retirementDueAt: null, retirementRuns: 0, emergency: null, emergencies: [], abortRequest: null, rescues: {}, lastFailure: null, retirementPending: [], rev: 0, seq: 0, head: GENESIS_HASH,
    });
  },
  bootstrap: (s: Story) => {
    claim(s, A1, '20260101T0000Z');
    begin(s, A1, 1, 'k1');
    promote(s, A1, 1, 'k1', null);
    complete(s, A1);
  },
  live: (s: Story) => {
    s.use('Encrypt', ALIAS);
    s.use('Decrypt', 'k1');
    s.wait(90 * DAY);
  },
  claim: (s: Story) => claim(s, A2, '20260401T0000Z'),
  create: (s: Story) => begin(s, A2, 2, 'k2'),
  ready: (s: Story) => s.answer(2, 'ready'),
  intendPromote: (s: Story) => void s.write('PromoteIntended', A2, { intent: { kind: 'promote', version: 2, fromKeyId: 'k1', toKeyId: 'k2', at: s.now } }),
  moveAlias: (s: Story) => {
    s.call('UpdateAlias');
    s.point(ALIAS, 'k2');
  },
  commit: (s: Story) => void s.write('VersionPromoted', A2, (key) => ({ ...swapped(s, key), intent: null })),
  useNew: (s: Story) => {
    s.use('Encrypt', ALIAS);
    s.use('Decrypt', 'k1');
    s.wait(300);
  },
  confirm: (s: Story) => void s.write('PromotionConfirmed', A2, s.version(1, { drainFrom: s.now, disableNotBefore: plusSeconds(s.now, 7 * DAY) })),
  drain: (s: Story) => s.wait(7 * DAY + 3600),
  released: (s: Story) => s.answer(1, 'released'),
  intendDisable: (s: Story) => void s.write('DisableIntended', A2, { intent: { kind: 'disable', version: 1, at: s.now } }),
  disable: (s: Story) => void s.setState('k1', 'Disabled'),
  commitDisable: (s: Story) =>
    void s.write('VersionDisabled', A2, (key) => ({ ...s.version(1, { status: 'DISABLED', disabledAt: s.now, revokeNotBefore: plusSeconds(s.now, 7 * DAY) })(key), intent: null })),
  bake: (s: Story) => { s.write('BakeWatched', 'rescue-version', s.version(1, { watchedAt: s.now })); s.wait(7 * DAY); },
  intendRevoke: (s: Story) => void s.write('RevokeIntended', A2, { intent: { kind: 'revoke', version: 1, at: s.now } }),
  revoke: (s: Story) => void s.setState('k1', 'PendingDeletion'),
  commitRevoke: (s: Story) => void s.write('VersionRevoked', A2, (key) => ({ ...s.version(1, { status: 'REVOKED', revokedAt: s.now })(key), intent: null })),
  complete: (s: Story) => complete(s, A2),
  destroyed: (s: Story) => {
    s.wait(7 * DAY);
    s.as({ actor: 'kms.amazonaws.com' }, () => {
      s.point(versionAlias(ALIAS, 1), null);
      s.setState('k1', 'Deleted');
    });
    s.write('VersionDestroyed', 'recorder', s.version(1, { status: 'DESTROYED', destroyedAt: s.now }));
  },
};
export type Step = keyof typeof STEPS;

/** Tells the good life with some steps told differently; the original is handed over, to be told as well. */
export function story(instead: Partial<Record<Step, (s: Story, original: () => void) => unknown>> = {}, until?: Step): Story {
  const s = new Story('2026-01-01T00:00:00Z');
  for (const [name, step] of Object.entries(STEPS) as [Step, (s: Story) => void][]) {
    const other = instead[name];
    if (other === undefined) step(s);
    else other(s, () => step(s));
    if (name === until) break;
  }
  return s;
}

export function verdictOf(s: Story, invariant: string, options: CheckOptions = {}): Verdict {
  const verdict = check(s.events, options).find((candidate) => candidate.invariant === invariant);
  if (verdict === undefined) throw new Error(`no verdict on "${invariant}"`);
  return verdict;
}

export function claim(s: Story, id: string, window: string): void {
  s.start(id);
  s.write('RotationClaimed', id, (key) => ({
    ...key, fence: key.fence + 1, window: { id: window, attempt: 1 }, dueAt: plusSeconds(s.now, 90 * DAY),
    lease: { rotationId: id, executionArn: `arn:${id}`, grantedAt: s.now, policy: key.policy },
  }));
}

export function begin(s: Story, id: string, number: number, keyId: string, lineage: Pick<KeyVersion, 'emergency'> = {}): void {
  const window = s.required().window?.id ?? '';
  s.write('CreateIntended', id, (key) => ({
    ...withVersion(key, { number, status: 'PENDING', rotationId: id, window, ...lineage, createdAt: s.now, createIntents: 1 }), lastVersion: number, intent: { kind: 'create', version: number, at: s.now },
  }));
  s.call('CreateKey');
  s.createKey(keyId, number);
  s.prove(keyId);
  s.write('VersionCreated', id, (key) => ({ ...s.version(number, { kmsKeyId: keyId, kmsKeyArn: keyId, equippedAt: s.now, provedAt: s.now })(key), intent: null }));
  s.point(versionAlias(ALIAS, number), keyId);
}

export function promote(s: Story, id: string, number: number, keyId: string, fromKeyId: string | null): void {
  s.write('PromoteIntended', id, { intent: { kind: 'promote', version: number, fromKeyId, toKeyId: keyId, at: s.now } });
  s.point(ALIAS, keyId);
  s.write('VersionPromoted', id, (key) => ({ ...s.version(number, { status: 'ACTIVE', activatedAt: s.now })(key), intent: null }));
}

export function complete(s: Story, id: string): void {
  s.write('RotationCompleted', id, (key) => ({ ...key, lease: null, completedWindow: key.window?.id ?? null }));
  s.end(id, 'SUCCEEDED', 'completed');
}

/** Settles, waits, and gives the lease back. */
export function abort(s: Story, id: string, waitSeconds = QUIESCENCE_SECONDS): void {
  s.write('RotationSettled', id, (key) => ({ ...key, fence: key.fence + 1 }));
  s.wait(waitSeconds);
  s.emit('lambda.invoked', { function: 'f', execution: id, error: null });
  s.traceId = `Root=${id}-abort-${s.seq}`;
  s.write('RotationAborted', id, { lease: null, intent: null });
}

function swapped(s: Story, key: ManagedKey): ManagedKey {
  return s.version(1, { status: 'DEPRECATED', deprecatedAt: s.now, supersededBy: 2 })(s.version(2, { status: 'ACTIVE', activatedAt: s.now })(key));
}

/** An approved emergency of a version. */
export function emergency(s: Story, version: number, change: Partial<Emergency> = {}): Emergency {
  return {
    number: 1, firstNumber: 1, lastNumber: 3, version, window: s.required().window?.id ?? '', approvalId: 'a'.repeat(20), requestedBy: BOB, approvedBy: [ALICE], at: s.now, dueAt: s.now,
    reason: 'a leak', isDone: false, ...change,
  };
}
