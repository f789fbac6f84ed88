import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { DynamoDbRegistry } from '../../../lambdas/adapters/dynamodb/dynamodb-registry';
import { DynamoDbApprovals } from '../../../lambdas/adapters/dynamodb/dynamodb-approvals';
import { STACK_OUTPUTS } from '../../../lambdas/contract/names';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import type { Approval, ApprovalPurpose } from '../../../lambdas/domain/approval';
import type { MessagePublished, TraceEvent } from '../../../lambdas/domain/trace';
import type { KeyReading } from '../../../lambdas/ports/registry';
import { DEFAULT_ENDPOINT } from '../../../cli/local/default-endpoint';
import { Faults } from '../../cloud/faults';
import type { LocalCloud } from '../../cloud/local-cloud';
import { RunningCloud } from '../../cloud/running-cloud';
import { dynamoDbOf, kmsOf, noteRun, registryOf, type Run } from '../account';
import { consumerOf } from '../consumers';
import { listen } from '../dependents';
import { Tally } from '../tally';
import type { Narrator } from './narrator';
import { KEYS, type KeyName, type Scenario } from './scenario';
import { commandLine, typeCommand } from './terminal';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The bootstrap takes half an hour, and a window follows half a day later. */
const LEAD_HOURS = 12;
const CONSUMER_EVERY_MS = 2 * HOUR_MS;
const CONSUMER_BEGINS_MS = 25 * MINUTE_MS;
export const CONSUMER_SUFFIX = '-consumer';

/** How finely a scenario looks whether something has happened. */
const LOOK_EVERY_MS = 15 * MINUTE_MS;

/** What people are allowed: to read the registry, and to call keyturn's URLs. */
const PERSON = { actions: ['cloudformation:DescribeStacks', 'dynamodb:GetItem', 'dynamodb:Query', 'lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'] };
const PEOPLE = ['alice', 'bob', 'carol'] as const;
export type Person = (typeof PEOPLE)[number];

/** Something that the scenario rests on has not happened. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

/** Whoever watches has answered otherwise than the scenario: what comes then is theirs. */
export class OtherAnswer extends Error {
  override readonly name = 'OtherAnswer';
}

/** One thing that was looked at. */
export interface Check {
  readonly what: string;
  readonly isMet: boolean;
  /** What was found instead. */
  readonly found?: string;
}

/** How a person answers instead of the scenario. */
export interface Audience {
  /** Resolves once the answer has arrived. */
  asked(command: string, voters: readonly Person[], hasArrived: () => Promise<boolean>): Promise<void>;
}

export interface StageOptions {
  readonly narratorOf: (key: string, nowMs: () => number) => Narrator;
  /** Who decides. @default the scenario's own people */
  readonly audience?: Audience;
  /** @default any free one */
  readonly port?: number;
}

/** The account in which a scenario is played, with everybody who acts in it. */
export class Stage {
  readonly checks: Check[] = [];
  readonly tally = new Tally();
  private readonly registry: DynamoDbRegistry;
  private readonly approvals: DynamoDbApprovals;
  private readonly clients = new Map<string, KMSClient>();
  /** Messages and runs of the key since the bootstrap. */
  private readonly published: MessagePublished[] = [];
  private readonly started = new Map<string, Run>();

  private constructor(
    readonly scenario: Scenario,
    readonly running: RunningCloud,
    readonly faults: Faults,
    private readonly narrator: Narrator,
    private readonly audience: Audience | undefined,
  ) {
    this.registry = registryOf(this.cloud);
    const table = this.cloud.outputs[STACK_OUTPUTS.table] ?? '';
    this.approvals = new DynamoDbApprovals(dynamoDbOf(this.cloud, `arn:aws:iam::${this.cloud.accountId}:role/operator`, { actions: ['dynamodb:GetItem', 'dynamodb:Query'] }), table);
  }

  /** An account with the stack in it, half a day before the key's window; consumers use the key, dependents listen. */
  static async set(assembly: string, scenario: Scenario, { narratorOf, audience, port }: StageOptions): Promise<Stage> {
    const faults = new Faults();
    const startMs = Date.parse(KEYS[scenario.key].windowAt) - (scenario.leadHours ?? LEAD_HOURS) * HOUR_MS;
    const running = await RunningCloud.start(assembly, { speed: 0, startMs, intercept: faults.intercept, ...(port !== undefined && { port }) });
    try {
      const narrator = narratorOf(scenario.key, () => running.cloud.timeline.nowMs());
      const stage = new Stage(scenario, running, faults, narrator, audience);
      await stage.begin();
      return stage;
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { cloud, scenario } = this;
    if (scenario.reconcileEvery === undefined) this.reconcileEvery('3 hours');
    for (const person of PEOPLE) cloud.credentialsFor(this.arnOf(person), PERSON);
    await this.until('every key has its first version', async () => this.cloud.services.states.running().length === 0 && (await this.reading()).key.completedWindow !== null, 3);
    this.tell('keyturn', `v1 of ${scenario.key} is ACTIVE, ${this.policy.alias} points to it; its next window is ${KEYS[scenario.key].windowAt}`);
    cloud.trace.onEvent((event) => {
      this.narrator.follow(event);
      this.note(event);
    });
    this.settleIn();
  }

  private note(event: TraceEvent): void {
    if (event.type === 'sns.published') this.published.push(event);
    if ('execution' in event && event.execution?.startsWith(`${this.scenario.key}-`) === true) noteRun(this.started, event);
  }

  get cloud(): LocalCloud {
    return this.running.cloud;
  }

  get nowMs(): number {
    return this.cloud.timeline.nowMs();
  }

  get policy(): KeyPolicy {
    const policy = this.running.policies.find(({ name }) => name === this.scenario.key);
    if (policy === undefined) throw new Error(`${this.scenario.key} is not in the configuration of the scenarios`);
    return policy;
  }

  /** From now on `reconcile` looks so often. */
  reconcileEvery(period: '15 minutes' | '3 hours'): void {
    this.cloud.reschedule('ReconcileSchedule', `rate(${period})`);
  }

  /** A few words between the events. */
  tell(who: string, text: string): void {
    this.narrator.tell(who, text);
  }

  async passHours(hours: number): Promise<void> {
    await this.running.pace.advance(hours * HOUR_MS);
  }

  /** Lets time pass until something is so. @throws {Stuck} when it is not in good time */
  async until(what: string, isSo: () => boolean | Promise<boolean>, withinHours = 24 * 8): Promise<void> {
    const lastMs = this.nowMs + withinHours * HOUR_MS;
    while (!(await isSo())) {
      if (this.nowMs >= lastMs) throw new Stuck(`within ${withinHours} hours it never came to this: ${what}`);
      await this.running.pace.advance(LOOK_EVERY_MS);
    }
  }

  /** Until the current run of the key is in a state of the definition. */
  untilState(state: string, withinHours?: number): Promise<void> {
    return this.until(`a run of ${this.scenario.key} is in "${state}"`, () => this.cloud.services.states.running().some((run) => run.name.startsWith(this.scenario.key) && run.state === state), withinHours);
  }

  /** Until the key's run of this name, such as `a1`, has ended. */
  untilEnded(run: string, withinHours?: number): Promise<void> {
    return this.until(`run ${run} has ended`, () => this.runs().some(({ name, status }) => name.endsWith(`-${run}`) && status !== 'RUNNING'), withinHours);
  }

  untilAlert(headline: string, withinHours?: number): Promise<void> {
    return this.until(`the alert "${headline}"`, () => this.alerts().some((alert) => alert.includes(headline)), withinHours);
  }

  untilFrozen(): Promise<void> {
    return this.until('the key is frozen', async () => (await this.reading()).freeze !== null, 2);
  }

  /** Somebody does something with KMS on their own. */
  async somebody<T>(role: string, doing: string, act: (kms: KMSClient) => Promise<T>): Promise<T> {
    const arn = `arn:aws:iam::${this.cloud.accountId}:role/${role}`;
    this.tell(role, doing);
    return act(this.kmsOf(arn));
  }

  private kmsOf(arn: string): KMSClient {
    const client = this.clients.get(arn) ?? kmsOf(this.cloud, arn);
    this.clients.set(arn, client);
    return client;
  }

  /** Types a command of keyturn. @param mustBeRefused whether it has to be refused; whatever else comes is a failed check */
  async types(person: Person, args: readonly string[], { mustBeRefused = false } = {}): Promise<string> {
    const release = this.narrator.hold();
    const { exitCode, output } = await typeCommand([...args, '--as', `user/${person}`, `--local=${this.cloud.endpoint}`]);
    release(person, `$ ${commandLine(args)}\n${output}`);
    this.check(`${person}'s "keyturn ${args[0] ?? ''}" was ${mustBeRefused ? 'refused' : 'done'}`, (exitCode !== 0) === mustBeRefused, output);
    return output;
  }

  /**
   * Answers the open question, by the command that the alert names, or waits until a person has.
   * @param args the command's: `approve`, `deny`, with flags
   */
  async answers(person: Person, purpose: ApprovalPurpose, verb: 'approve' | 'deny', reason: string, flags: readonly string[] = []): Promise<void> {
    const approval = await this.openApproval(purpose);
    const args = [verb, approval.id, ...flags, '--reason', reason, '--yes-i-mean', this.scenario.key];
    this.check(`an alert asks for ${purpose} and names keyturn ${verb}`, this.published.some(({ message }) => new RegExp(`keyturn ${verb} (${approval.id}|<id>)`).test(message)));
    if (this.audience === undefined) {
      await this.types(person, args);
      return;
    }
    const voters = PEOPLE.filter((candidate) => this.arnOf(candidate) !== approval.requestedBy && !approval.votes.some(({ by }) => by === this.arnOf(candidate)));
    const voter = voters.includes(person) ? person : (voters[0] ?? person);
    const where = this.cloud.endpoint === DEFAULT_ENDPOINT ? '--local' : `--local=${this.cloud.endpoint}`;
    await this.audience.asked(commandLine([...args, '--as', `user/${voter}`, where]), voters, async () => ((await this.approvals.read(approval.id))?.votes.length ?? 0) > approval.votes.length);
    const answer = (await this.approvals.read(approval.id))?.votes.at(-1);
    this.tell(answer?.by.split('/').at(-1) ?? '', `has answered ${answer?.answer ?? ''}: ${answer?.reason ?? ''}`);
    if (answer?.answer !== verb) throw new OtherAnswer(`The scenario was written for "${verb}". Another day passes; its end is not checked, only the invariants are.`);
  }

  /** Whoever has answered last says the same once more. */
  async answersAgain(purpose: ApprovalPurpose): Promise<void> {
    const { id, votes } = await this.openApproval(purpose);
    const last = PEOPLE.find((person) => this.arnOf(person) === votes.at(-1)?.by);
    if (last === undefined) throw new Stuck(`nobody has answered ${id} yet`);
    await this.types(last, ['approve', id, '--reason', 'once more', '--yes-i-mean', this.scenario.key]);
    const counted = (await this.openApproval(purpose)).votes.length;
    this.check(`two answers of ${last} count once`, counted === votes.length, `${counted} answers`);
  }

  /** Who asked tries to approve it. */
  async mayNotApprove(person: Person, purpose: ApprovalPurpose): Promise<void> {
    const { id } = await this.openApproval(purpose);
    await this.types(person, ['approve', id, '--reason', 'I know it is right', '--yes-i-mean', this.scenario.key], { mustBeRefused: true });
  }

  /** @returns what puts the registry's table back to what it is now, as whoever restores a backup does */
  async backUpTable(): Promise<() => Promise<void>> {
    const client = dynamoDbOf(this.cloud, `arn:aws:iam::${this.cloud.accountId}:role/database-administrator`, { actions: ['dynamodb:*'] });
    const TableName = this.cloud.outputs[STACK_OUTPUTS.table] ?? '';
    const items = async () => (await client.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? [];
    const backup = await items();
    const takenAt = new Date(this.nowMs).toISOString();
    return async () => {
      this.tell('somebody', `puts the registry's table back to its backup of ${takenAt}`);
      for (const { pk, sk } of await items()) if (pk !== undefined && sk !== undefined) await client.send(new DeleteItemCommand({ TableName, Key: { pk, sk } }));
      for (const Item of backup) await client.send(new PutItemCommand({ TableName, Item }));
    };
  }

  private async openApproval(purpose: ApprovalPurpose): Promise<Approval> {
    const { key } = await this.reading();
    const known = await Promise.all(key.approvals.map((id) => this.approvals.read(id)));
    const open = known.findLast((approval) => approval?.purpose === purpose && approval.outcome === null);
    if (open === undefined) throw new Stuck(`nothing of ${this.scenario.key} waits for an answer to "${purpose}"`);
    return open;
  }

  /** The dependents of the key begin to listen. */
  listen(): void {
    for (const dependent of this.policy.dependents) {
      if (dependent.kind !== 'event') continue;
      listen(this.cloud, this.scenario.key, dependent, this.consumer, this.tally);
    }
  }

  private consumer = { moveToActiveVersion: async (): Promise<void> => undefined, work: async (): Promise<void> => undefined };

  /** A service uses the key all the time. */
  private settleIn(): void {
    const kms = this.kmsOf(`arn:aws:iam::${this.cloud.accountId}:role/${this.scenario.key}${CONSUMER_SUFFIX}`);
    this.consumer = consumerOf(this.policy, kms, this.tally, false);
    const work = async (): Promise<void> => {
      this.cloud.timeline.after(CONSUMER_EVERY_MS, 'a consumer works', work);
      await this.consumer.work();
    };
    this.cloud.timeline.after(CONSUMER_BEGINS_MS, 'a consumer begins', work);
    if (this.scenario.areDependentsSilent !== true) this.listen();
  }

  check(what: string, isMet: boolean, found?: string): void {
    this.checks.push({ what, isMet, ...(!isMet && found !== undefined && { found }) });
  }

  async reading(name: KeyName = this.scenario.key): Promise<KeyReading> {
    const reading = await this.registry.read(name);
    if (reading === undefined) throw new Error(`${name} is not in the registry`);
    return reading;
  }

  ledger() {
    return this.registry.ledger(this.scenario.key);
  }

  /** The KMS key of a version. @throws {Stuck} when it has none */
  async kmsKeyOf(version: number): Promise<string> {
    const id = (await this.reading()).key.versions[`v${version}`]?.kmsKeyId;
    if (id === undefined) throw new Stuck(`v${version} has no KMS key`);
    return id;
  }

  /** Runs of the key after its bootstrap. */
  runs(): readonly Run[] {
    return [...this.started.values()];
  }

  /** Headlines of the alerts since the bootstrap, with the key's name before them. */
  alerts(): readonly string[] {
    return this.published.map(({ subject }) => (subject ?? '').replace(/^keyturn: /, ''));
  }

  /** Texts of the alerts since the bootstrap. */
  messages(): readonly string[] {
    return this.published.map(({ message }) => message);
  }

  arnOf(person: Person): string {
    return `arn:aws:iam::${this.cloud.accountId}:user/${person}`;
  }

  close(): Promise<void> {
    return this.running.stop();
  }
}
