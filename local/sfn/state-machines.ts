import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import type { StateMachineDefinition } from '../asl/definition';
import type { TaskIntegrations } from '../asl/integrations';
import { parseDefinition } from '../asl/parse-definition';
import { requireResources } from '../asl/resources';
import { savedJson } from '../asl/standing';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { requireName, requireRoleArn, requireStateMachineArn, requireTaggableArn } from './names';
import { pageOf, type Page } from './paging';
import type { Request } from './requests';

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_TAGS = 50;

/** A state machine as it was between two updates. An execution keeps the one that it started with. */
export interface StateMachine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definitionText: string;
  readonly definition: StateMachineDefinition;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** None before the first update. */
  readonly revisionId: string | undefined;
  readonly loggingConfiguration: Json;
  readonly tracingConfiguration: Json;
}

interface Entry {
  readonly current: StateMachine;
  readonly isDeleting: boolean;
  readonly tags: ReadonlyMap<string, string>;
}

const savedRevision = z.strictObject({
  arn: z.string(),
  name: z.string(),
  roleArn: z.string(),
  definitionText: z.string(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
  revisionId: z.string().nullable(),
  loggingConfiguration: savedJson,
  tracingConfiguration: savedJson,
});

/** Revisions stand once in what is saved, and are named by their position there. */
export const savedStateMachines = z.strictObject({
  revisions: z.array(savedRevision),
  machines: z.array(z.strictObject({ revision: z.int(), isDeleting: z.boolean(), tags: z.array(z.tuple([z.string(), z.string()])) })),
});
type SavedStateMachines = z.infer<typeof savedStateMachines>;

export interface StateMachinesDeps {
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** Revision ids. */
  readonly newId: () => string;
  readonly integrations: TaskIntegrations;
}

/** The state machines of the account. */
export class StateMachines {
  private readonly byArn = new Map<string, Entry>();

  constructor(private readonly deps: StateMachinesDeps) {}

  create(request: Request<'CreateStateMachine'>): Json {
    requireName(request.name);
    requireRoleArn(request.roleArn);
    const { clock, region, accountId } = this.deps;
    const arn = `arn:aws:states:${region}:${accountId}:stateMachine:${request.name}`;
    const existing = this.byArn.get(arn);
    if (existing !== undefined) {
      this.requireKept(existing);
      // AWS compares neither role nor tags.
      if (existing.current.definitionText === request.definition) return created(existing.current);
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const tags = new Map((request.tags ?? []).map(({ key, value }) => [key, value]));
    requireTagCount(arn, tags);
    const nowMs = clock.nowMs();
    const current: StateMachine = {
      arn,
      name: request.name,
      roleArn: request.roleArn,
      definitionText: request.definition,
      definition: this.parse(request.definition),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      revisionId: undefined,
      loggingConfiguration: request.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: request.tracingConfiguration ?? { enabled: false },
    };
    this.byArn.set(arn, { current, isDeleting: false, tags });
    return created(current);
  }

  /** Running executions keep the definition that they started with. */
  update({ stateMachineArn, definition, ...request }: Request<'UpdateStateMachine'>): Json {
    const { roleArn, loggingConfiguration, tracingConfiguration } = request;
    const entry = this.entry(stateMachineArn);
    this.requireKept(entry);
    if ([definition, roleArn, loggingConfiguration, tracingConfiguration].every((member) => member === undefined)) {
      const what = 'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified';
      throw new AwsError('MissingRequiredParameter', what);
    }
    if (roleArn !== undefined) requireRoleArn(roleArn);
    const { current } = entry;
    const updatedAtMs = this.deps.clock.nowMs();
    const revised: StateMachine = {
      ...current,
      ...(definition === undefined ? {} : { definition: this.parse(definition), definitionText: definition }),
      roleArn: roleArn ?? current.roleArn,
      loggingConfiguration: loggingConfiguration ?? current.loggingConfiguration,
      tracingConfiguration: tracingConfiguration ?? current.tracingConfiguration,
      updatedAtMs,
      revisionId: this.deps.newId(),
    };
    this.byArn.set(current.arn, { ...entry, current: revised });
    return { updateDate: updatedAtMs / 1000, revisionId: revised.revisionId ?? null };
  }

  describe(arn: string): Json {
    const { current, isDeleting } = this.entry(arn);
    return {
      stateMachineArn: current.arn,
      name: current.name,
      status: isDeleting ? 'DELETING' : 'ACTIVE',
      type: 'STANDARD',
      creationDate: current.createdAtMs / 1000,
      ...configurationOf(current),
    };
  }

  /** Oldest first. */
  list(page: Page): Json {
    const machines = [...this.byArn.values()].map(({ current }) => current);
    const { page: listed, nextToken } = pageOf(machines, ({ arn }) => arn, page);
    return {
      stateMachines: listed.map(({ arn, name, createdAtMs }) => ({ stateMachineArn: arn, name, type: 'STANDARD', creationDate: createdAtMs / 1000 })),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  /** @throws {AwsError} InvalidArn, StateMachineDoesNotExist */
  get(arn: string): StateMachine {
    return this.entry(arn).current;
  }

  /** @throws {AwsError} InvalidArn, StateMachineDoesNotExist, StateMachineDeleting */
  forNewExecution(arn: string): StateMachine {
    const entry = this.entry(arn);
    this.requireKept(entry);
    return entry.current;
  }

  isDeleting(arn: string): boolean {
    return this.byArn.get(arn)?.isDeleting ?? false;
  }

  /** Begins its deletion. @returns whether there is something to delete. @throws {AwsError} InvalidArn */
  markDeleting(arn: string): boolean {
    requireStateMachineArn(arn);
    const entry = this.byArn.get(arn);
    if (entry !== undefined) this.byArn.set(arn, { ...entry, isDeleting: true });
    return entry !== undefined;
  }

  remove(arn: string): void {
    this.byArn.delete(arn);
  }

  tagsOf(arn: string): Json {
    return { tags: [...this.tagged(arn).tags].map(([key, value]) => ({ key, value })) };
  }

  tag({ resourceArn, tags }: Request<'TagResource'>): Json {
    const entry = this.tagged(resourceArn);
    const all = new Map([...entry.tags, ...tags.map(({ key, value }) => [key, value] as const)]);
    requireTagCount(resourceArn, all);
    this.byArn.set(resourceArn, { ...entry, tags: all });
    return {};
  }

  untag({ resourceArn, tagKeys }: Request<'UntagResource'>): Json {
    const entry = this.tagged(resourceArn);
    this.byArn.set(resourceArn, { ...entry, tags: new Map([...entry.tags].filter(([key]) => !tagKeys.includes(key))) });
    return {};
  }

  /** @param inUse revisions that executions still know: after the current ones, in this order */
  save(inUse: readonly StateMachine[]): { readonly saved: SavedStateMachines; readonly positionOf: ReadonlyMap<StateMachine, number> } {
    const entries = [...this.byArn.values()];
    const revisions = [...new Set([...entries.map(({ current }) => current), ...inUse])];
    const positionOf = new Map(revisions.map((revision, position) => [revision, position]));
    const saved = {
      revisions: revisions.map(({ definition: _, revisionId, ...revision }) => ({ ...revision, revisionId: revisionId ?? null })),
      machines: entries.map(({ isDeleting, tags }, revision) => ({ revision, isDeleting, tags: [...tags] })),
    };
    return { saved, positionOf };
  }

  /** @returns the revisions, by position */
  load({ revisions: savedRevisions, machines }: SavedStateMachines): readonly StateMachine[] {
    const revisions = savedRevisions.map(({ revisionId, ...revision }): StateMachine => ({
      ...revision,
      revisionId: revisionId ?? undefined,
      definition: this.parse(revision.definitionText),
    }));
    for (const { revision, isDeleting, tags } of machines) {
      const current = revisions[revision];
      if (current === undefined) throw new Error(`there is no revision ${revision} of a state machine`);
      this.byArn.set(current.arn, { current, isDeleting, tags: new Map(tags) });
    }
    return revisions;
  }

  /** @throws {AwsError} InvalidDefinition, NotModelledLocally */
  parse(definitionText: string): StateMachineDefinition {
    const definition = parseDefinition(definitionText);
    requireResources(definition, this.deps.integrations);
    return definition;
  }

  private entry(arn: string): Entry {
    requireStateMachineArn(arn);
    const entry = this.byArn.get(arn);
    if (entry === undefined) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return entry;
  }

  private tagged(arn: string): Entry {
    requireTaggableArn(arn);
    const entry = this.byArn.get(arn);
    if (entry === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`);
    return entry;
  }

  private requireKept({ current, isDeleting }: Entry): void {
    if (isDeleting) throw new AwsError('StateMachineDeleting', `State Machine is being deleted: '${current.arn}'`);
  }
}

/** The members that describe a machine by itself and behind an execution. */
export function configurationOf({ definitionText, roleArn, loggingConfiguration, tracingConfiguration, revisionId }: StateMachine): Record<string, Json> {
  return { definition: definitionText, roleArn, loggingConfiguration, tracingConfiguration, ...(revisionId === undefined ? {} : { revisionId }) };
}

function created(machine: StateMachine): Json {
  return { stateMachineArn: machine.arn, creationDate: machine.createdAtMs / 1000 };
}

function requireTagCount(arn: string, tags: ReadonlyMap<string, string>): void {
  if (tags.size > MAX_TAGS) throw new AwsError('TooManyTags', `Too many tags on '${arn}': at most ${MAX_TAGS}`);
}
