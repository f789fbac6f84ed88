import type { TaskErrorName } from '../../lambdas/contract/errors';
import { KEY_TAGS } from '../../lambdas/contract/names';
import type { Alert } from '../../lambdas/domain/alert';
import type { Approval } from '../../lambdas/domain/approval';
import { stateOf } from '../../lambdas/domain/expected-state';
import { FIRST_PASS, NO_FINDINGS, type KeyFindings, type PassState } from '../../lambdas/domain/findings';
import { carriedPolicy } from '../../lambdas/domain/key-policy-document';
import type { Decision } from '../../lambdas/domain/ledger';
import { activeVersion, versionAlias, type KeyVersion, type ManagedKey, type Note } from '../../lambdas/domain/managed-key';
import { TaskError } from '../../lambdas/domain/task-error';
import type { Acknowledgement, Acknowledgements, TaskToken } from '../../lambdas/ports/acknowledgements';
import type { Approvals } from '../../lambdas/ports/approvals';
import type { KeyProvider, KeyUsage, ObservedGrant, ObservedKey } from '../../lambdas/ports/key-provider';
import type { Alerts, Callbacks, EventBus, Executions, ProbeAnswer, Probes, Repairs, Rescuer } from '../../lambdas/ports/outside';
import type { Reconciliation } from '../../lambdas/ports/reconciliation';
import type { Registry } from '../../lambdas/ports/registry';
import { LivingKey } from '../domain/living-key';

/** A KMS key in memory. */
export interface FakeKey {
  readonly observed: ObservedKey;
  policy: string;
  tags: Record<string, string>;
  grants: ObservedGrant[];
  usage: KeyUsage;
}

type Act = (next: () => Promise<never>, ...args: never[]) => unknown;

const ROLE = 'arn:aws:iam::111122223333:role/keyturn/*';
/** When KMS deletes whatever is scheduled for deletion. */
export const DELETION_AT = '2027-03-03T00:00:00.000Z';

/**
 * All ports in memory, with one list of what a task did to them, in order. What the real ones do is held by `test/contracts`; these do as much of it
 * as a single task can tell, so that a test sees the task alone.
 */
export class Kit {
  /** Ledger events by type, and every call that is more than a look. */
  readonly effects: string[] = [];
  readonly livings = new Map<string, LivingKey>();
  readonly freezes = new Map<string, Note>();
  readonly queued = new Map<string, Alert>();
  readonly kms = new Map<string, FakeKey>();
  readonly aliases = new Map<string, string>();
  readonly asked = new Map<string, Approval>();
  readonly waiters = new Map<string, TaskToken>();
  readonly questions = new Map<string, Acknowledgement>();
  readonly published: Readonly<Record<string, unknown>>[] = [];
  readonly probed: Readonly<Record<string, unknown>>[] = [];
  readonly told: Alert[] = [];
  readonly lost: unknown[] = [];
  readonly gauges: Record<string, number> = {};
  readonly findings = new Map<string, KeyFindings>();
  pass: PassState = FIRST_PASS;
  probeAnswer: ProbeAnswer = { verdict: 'yes', version: 2 };
  keyStoreState = 'CONNECTED';
  /** Names of executions that are used up, with what Step Functions says of them. */
  readonly executionsKnown = new Map<string, 'RUNNING' | 'CLOSED'>();
  /** By ARN. */
  readonly closedAt = new Map<string, string | null>();
  readonly registryId = 'registry';
  readonly rolePattern = ROLE;
  readonly defaultPolicy = '{"Statement":[]}';
  readonly acknowledgeUrl = 'https://acknowledge';
  readonly rules = { vouchedRoles: [] };
  readonly onAlertLost = (error: unknown): void => void this.lost.push(error);
  readonly gauge = (name: string, value: number): void => void (this.gauges[name] = value);

  readonly registry: Registry = this.watched('registry', {
    read: async (name) => {
      const key = this.livings.get(name)?.state;
      return key === undefined ? undefined : { key, freeze: this.freezes.get(name) ?? null };
    },
    transact: async (name, decide) => this.write(name, decide, 'none'),
    transactFrozen: async (name, decide) => this.write(name, decide, 'stands'),
    liftFreeze: async (name, decide) => {
      const key = this.write(name, decide, 'stands');
      this.freezes.delete(name);
      this.effects.push('thaw');
      return key;
    },
    register: async (name, decide) => {
      const living = this.livings.get(name) ?? new LivingKey();
      this.livings.set(name, living);
      this.refuseFrozen(name);
      this.apply(living, decide(living.state));
    },
    freeze: async (name, note) => {
      this.effects.push(`freeze ${name}: ${note.reason}`);
      if (!this.freezes.has(name)) this.freezes.set(name, note);
    },
    queueAlert: async (alert) => {
      this.effects.push(`queue ${alert.id}`);
      if (!this.queued.has(alert.id)) this.queued.set(alert.id, alert);
    },
    forgetAlert: async ({ id }) => {
      this.effects.push(`forget ${id}`);
      this.queued.delete(id);
    },
    queuedAlerts: async (name) => [...this.queued.values()].filter(({ key }) => key === name),
    namesWithQueuedAlerts: async () => [...new Set([...this.queued.values()].map(({ key }) => key))],
    dueCandidates: async (until) => [...this.livings.values()].map(({ key }) => key).filter(({ dueAt }) => dueAt <= until).map(({ name }) => name),
    allNames: async () => [...this.livings.keys()],
    ownerOf: async (kmsKeyId) => [...this.livings.values()].find(({ key }) => Object.values(key.versions).some((version) => version.kmsKeyId === kmsKeyId))?.key.name,
    terminalVersions: async () => [],
    ledger: async (name, afterSeq = 0) => (this.livings.get(name)?.ledger ?? []).filter(({ seq }) => seq > afterSeq),
  });

  readonly keys: KeyProvider = this.watched('keys', {
    aliasTarget: async (alias) => this.aliases.get(alias),
    describe: async (id) => this.kms.get(this.aliases.get(id) ?? id.split('/').at(-1) ?? id)?.observed,
    findByTags: async (tags) => this.tagged(tags).map(({ observed }) => observed),
    taggedKeys: async (tags) => this.tagged(tags).map(({ observed: { keyId, keyArn }, tags: all }) => ({ keyId, keyArn, tags: all })),
    createKey: async (request) => {
      this.effects.push('createKey');
      const { spec, usage, origin, description } = request;
      return this.add(`made${this.kms.size}`, { spec, usage, origin, description, ...(request.keyStoreId === undefined ? {} : { keyStoreId: request.keyStoreId }) }, { policy: request.policy, tags: { ...request.tags } }).observed;
    },
    ensureAlias: async (alias, keyId) => {
      this.effects.push(`ensureAlias ${alias} ${keyId}`);
      this.aliases.set(alias, keyId);
    },
    moveAlias: async (alias, keyId) => {
      this.effects.push(`moveAlias ${alias} ${keyId}`);
      this.aliases.set(alias, keyId);
    },
    keyPolicy: async (id) => this.key(id).policy,
    putKeyPolicy: async (id, policy) => {
      this.effects.push(`putKeyPolicy ${id}`);
      this.key(id).policy = policy;
    },
    tags: async (id) => this.key(id).tags,
    addTags: async (id, tags) => {
      this.effects.push(`addTags ${id} ${JSON.stringify(tags)}`);
      Object.assign(this.key(id).tags, tags);
    },
    grants: async (id) => this.key(id).grants,
    carryGrants: async (from, to) => {
      this.effects.push(`carryGrants ${from} ${to}`);
      this.key(to).grants = [...this.key(from).grants];
    },
    uncarriedGrants: async (from, to) => this.key(from).grants.filter(({ grantId, isMadeByService }) => !isMadeByService && !this.key(to).grants.some((grant) => grant.grantId === grantId)),
    publicKey: async (id) => `public key of ${id}`,
    prove: async (id, spec, usage, context) => {
      this.effects.push(`prove ${id} ${spec} ${usage} ${context}`);
      return this.aliases.get(id) ?? id;
    },
    tryDisabled: async (id, spec, usage, context) => void this.effects.push(`tryDisabled ${id} ${spec} ${usage} ${context}`),
    disable: async (id) => this.set(id, 'disable', 'Disabled'),
    enable: async (id) => this.set(id, 'enable', 'Enabled'),
    cancelDeletion: async (id) => this.set(id, 'cancelDeletion', 'Disabled'),
    scheduleDeletion: async (id, days) => {
      this.set(id, `scheduleDeletion ${days}`, 'PendingDeletion', { deletionAt: DELETION_AT });
      return DELETION_AT;
    },
    lastUsage: async (id) => this.key(id).usage,
    keyStoreState: async () => this.keyStoreState,
  });

  readonly approvals: Approvals = this.watched('approvals', {
    open: async (approval, waiter) => {
      this.effects.push(`ask ${approval.purpose}`);
      if (!this.asked.has(approval.id)) this.asked.set(approval.id, approval);
      if (waiter !== undefined) this.waiters.set(approval.id, waiter.token);
      return this.asked.get(approval.id) ?? approval;
    },
    read: async (id) => this.asked.get(id),
    record: async (before, after) => {
      if (this.asked.get(before.id)?.votes.length !== before.votes.length) return 'conflict';
      this.effects.push(`vote ${after.votes.length} ${after.outcome ?? 'open'}`);
      this.asked.set(after.id, after);
      return { token: this.waiters.get(after.id) };
    },
    waiter: async (id) => this.waiters.get(id),
    markCarriedOut: async (id) => {
      const approval = this.asked.get(id);
      if (approval !== undefined) this.asked.set(id, { ...approval, isCarriedOut: true });
      this.effects.push(`carriedOut ${id}`);
    },
  });

  readonly acknowledgements: Acknowledgements = this.watched('acknowledgements', {
    open: async (question, waiter) => {
      this.effects.push(`question ${question.dependent} ${question.phase} v${question.version}`);
      const standing = { ...question, answer: this.questions.get(question.id)?.answer ?? null };
      this.questions.set(question.id, standing);
      if (waiter !== undefined) this.waiters.set(question.id, waiter.token);
      return standing;
    },
    read: async (id) => this.questions.get(id),
    answer: async (id, answer) => {
      const question = this.questions.get(id);
      if (question === undefined) return undefined;
      const standing = question.answer?.verdict === 'yes' ? question : { ...question, answer };
      this.effects.push(`answer ${question.dependent} ${answer.verdict}`);
      this.questions.set(id, standing);
      return { acknowledgement: standing, token: this.waiters.get(id) };
    },
  });

  readonly callbacks: Callbacks = this.watched('callbacks', { wake: async (token) => void this.effects.push(`wake ${token}`) });
  readonly bus: EventBus = this.watched('bus', {
    publish: async (type, detail) => {
      this.effects.push(`publish ${type}`);
      this.published.push(detail);
    },
  });
  readonly probes: Probes = this.watched('probes', {
    ask: async (arn, question) => {
      this.effects.push(`probe ${arn}`);
      this.probed.push(question);
      return this.probeAnswer;
    },
  });
  readonly alerts: Alerts = this.watched('alerts', {
    publish: async (alert) => {
      this.effects.push(`tell ${alert.id}`);
      this.told.push(alert);
    },
  });
  readonly executions: Executions = this.watched('executions', {
    start: async (name, input) => {
      this.effects.push(`start ${name} ${JSON.stringify(input)}`);
      return this.executionsKnown.has(name) ? 'exists' : 'started';
    },
    status: async (name) => this.executionsKnown.get(name),
    closedAt: async (arn) => this.closedAt.get(arn),
    stop: async (arn, cause) => {
      this.effects.push(`stop ${arn}: ${cause}`);
      return this.closedAt.has(arn) ? 'stopped' : 'not-found';
    },
  });
  readonly repairs: Repairs = this.watched('repairs', { start: async (approval, key) => void this.effects.push(`repair ${key} ${approval}`) });
  readonly rescuer: Rescuer = this.watched('rescuer', {
    cancelDeletions: async (key, why) => {
      this.effects.push(`cancelDeletions ${key}: ${why.reason}`);
      return true;
    },
    finishRescues: async (key) => void this.effects.push(`finishRescues ${key}`),
  });
  readonly reconciliation: Reconciliation = this.watched('reconciliation', {
    findings: async (name) => this.findings.get(name) ?? NO_FINDINGS,
    remember: async (name, findings) => void this.findings.set(name, findings),
    pass: async () => this.pass,
    rememberPass: async (pass) => {
      this.effects.push(`pass ${pass.afterKey ?? 'done'}`);
      this.pass = pass;
    },
  });

  private readonly acts = new Map<string, { readonly act: Act; isOnce: boolean }>();

  constructor(...livings: readonly LivingKey[]) {
    for (const living of livings) this.enroll(living);
  }

  /** The one key of most tests. */
  get living(): LivingKey {
    const [living] = this.livings.values();
    if (living === undefined) throw new Error('no key is registered');
    return living;
  }

  get orders(): ManagedKey {
    return this.living.key;
  }

  /** Makes KMS as the registry says it is. */
  enroll(living: LivingKey): void {
    const { key } = living;
    this.livings.set(key.name, living);
    for (const version of Object.values(key.versions)) {
      const { kmsKeyId, number } = version;
      if (kmsKeyId === undefined) continue;
      this.add(kmsKeyId, { keyState: stateOf(version), ...(version.deletionAt === undefined ? {} : { deletionAt: version.deletionAt }) }, { tags: { [KEY_TAGS.registry]: this.registryId, [KEY_TAGS.key]: key.name, [KEY_TAGS.version]: String(number), [KEY_TAGS.rotation]: version.rotationId }, ...(version.equippedAt === undefined ? {} : { policy: carriedPolicy(this.defaultPolicy, ROLE) }) });
      if (version.equippedAt !== undefined) this.aliases.set(versionAlias(key.policy.alias, number), kmsKeyId);
    }
    const active = activeVersion(key)?.kmsKeyId;
    if (active !== undefined) this.aliases.set(key.policy.alias, active);
  }

  add(keyId: string, observed: Partial<ObservedKey> = {}, more: Partial<Omit<FakeKey, 'observed'>> = {}): FakeKey {
    const key: FakeKey = {
      observed: { keyId, keyArn: `arn:${keyId}`, keyState: 'Enabled', description: 'old', spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', isMultiRegion: false, isCustomerManaged: true, createdAt: '2026-03-01T00:00:00.000Z', ...observed },
      policy: this.defaultPolicy, tags: {}, grants: [], usage: { lastUsedAt: null, trackedSince: '2026-01-01T00:00:00.000Z' },
      ...more,
    };
    this.kms.set(keyId, key);
    return key;
  }

  key(keyId: string): FakeKey {
    const key = this.kms.get(keyId);
    if (key === undefined) throw new Error(`KMS has no ${keyId}`);
    return key;
  }

  /** Somebody changes a KMS key behind keyturn's back. */
  change(keyId: string, observed: Partial<ObservedKey>): void {
    const { observed: before, ...rest } = this.key(keyId);
    this.kms.set(keyId, { ...rest, observed: { ...before, ...observed } });
  }

  /** Changes the aggregate as it stands, without a ledger line. */
  edit(change: Partial<ManagedKey> | ((key: ManagedKey) => Partial<ManagedKey>)): this {
    const { key } = this.living;
    this.living.state = { ...key, ...(typeof change === 'function' ? change(key) : change) };
    return this;
  }

  editVersion(number: number, change: { readonly [Field in keyof KeyVersion]?: KeyVersion[Field] | undefined }): this {
    return this.edit((key) => ({ versions: { ...key.versions, [`v${number}`]: { ...key.versions[`v${number}`], ...change } as KeyVersion } }));
  }

  /** The next call of a port's method, such as `keys.disable`, does this instead; `next` makes the call. */
  once(call: string, act: Act): this {
    this.acts.set(call, { act, isOnce: true });
    return this;
  }

  always(call: string, act: Act): this {
    this.acts.set(call, { act, isOnce: false });
    return this;
  }

  fails(call: string, name: TaskErrorName = 'Throttled'): this {
    return this.always(call, () => {
      throw new TaskError(name, `${call} failed`);
    });
  }

  /** Someone else writes to the key right before the next call of a method. */
  meanwhile(call: string, decide: (key: ManagedKey) => Decision | Partial<ManagedKey>): this {
    return this.once(call, async (next) => {
      const decision = decide(this.orders);
      if ('kind' in decision) this.living.apply(decision);
      else this.edit({ ...decision, rev: this.orders.rev + 1, seq: this.orders.seq + 1 });
      return next();
    });
  }

  private watched<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, method: string) => async (...args: never[]): Promise<unknown> => {
        const call = `${name}.${method}`;
        const made = (target as Record<string, (...args: never[]) => Promise<never>>)[method];
        if (made === undefined) throw new Error(`there is no ${call}`);
        const entry = this.acts.get(call);
        if (entry === undefined) return made(...args);
        if (entry.isOnce) this.acts.delete(call);
        return entry.act(async () => made(...args), ...args);
      },
    });
  }

  private write(name: string, decide: (key: ManagedKey) => Decision, freeze: 'none' | 'stands'): ManagedKey {
    const living = this.livings.get(name);
    if (living === undefined) throw new TaskError('KeyNotRegistered', `${name} is not in the registry`);
    const decision = decide(living.key);
    if (freeze === 'none') this.refuseFrozen(name);
    else if (!this.freezes.has(name)) throw new TaskError('RotationNotAllowed', `${name} is not frozen`);
    this.apply(living, decision);
    return living.key;
  }

  private apply(living: LivingKey, decision: Decision): void {
    if (living.apply(decision)) this.effects.push(living.ledger.at(-1)?.type ?? '');
  }

  private refuseFrozen(name: string): void {
    if (this.freezes.has(name)) throw new TaskError('KeyFrozen', `${name} is frozen`);
  }

  private tagged(tags: Readonly<Record<string, string>>): FakeKey[] {
    return [...this.kms.values()].filter((key) => Object.entries(tags).every(([name, value]) => key.tags[name] === value));
  }

  private set(keyId: string, call: string, keyState: string, more: Partial<ObservedKey> = {}): void {
    this.effects.push(`${call} ${keyId}`);
    this.change(keyId, { keyState, ...more });
  }
}
