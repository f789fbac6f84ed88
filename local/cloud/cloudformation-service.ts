import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { AwsError } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';

const stackResource = z.strictObject({ logicalId: z.string(), physicalId: z.string(), type: z.string() });

const stackDescription = z.strictObject({
  stackId: z.string(),
  stackName: z.string(),
  status: z.string(),
  createdAtMs: z.int(),
  /** When it was deployed last. @default when it was created */
  updatedAtMs: z.int().optional(),
  outputs: z.record(z.string(), z.string()),
  /** @default none are told */
  resources: z.array(stackResource).optional(),
  /** As it was deployed. @default it is not told */
  template: z.unknown().optional(),
});

/** A stack as CloudFormation's API describes it. */
export type StackDescription = Readonly<z.infer<typeof stackDescription>>;

const PAGE_SIZE = 100;
const StackName = z.string().min(1);
const NextToken = z.string().optional();

const shapes = {
  describeStacks: z.strictObject({ StackName: StackName.optional(), NextToken }),
  listStacks: z.strictObject({ StackStatusFilter: z.array(z.string()).default([]), NextToken }),
  describeResources: z.strictObject({ StackName, LogicalResourceId: z.string().optional() }),
  listResources: z.strictObject({ StackName, NextToken }),
  getTemplate: z.strictObject({ StackName, TemplateStage: z.enum(['Original', 'Processed']).optional() }),
};

/** CloudFormation, as far as people look at a stack: its outputs, resources and template. Stacks are deployed by the local cloud itself. */
export class CloudFormationService implements Service, Stateful {
  private readonly stacks = new Map<string, StackDescription>();

  private readonly operations = new Operations('CloudFormation', 'ValidationError')
    .on('DescribeStacks', shapes.describeStacks, ({ StackName: wanted, NextToken: token }) => {
      const stacks = wanted === undefined ? [...this.stacks.values()] : [this.stack(wanted)];
      return listed('Stacks', stacks, ({ stackId }) => stackId, token, describeStack);
    })
    .on('ListStacks', shapes.listStacks, ({ StackStatusFilter, NextToken: token }) => {
      const stacks = [...this.stacks.values()].filter(({ status }) => StackStatusFilter.length === 0 || StackStatusFilter.includes(status));
      return listed('StackSummaries', stacks, ({ stackId }) => stackId, token, (stack) => ({ ...identify(stack), ...datesOf(stack), StackStatus: stack.status }));
    })
    .on('DescribeStackResources', shapes.describeResources, ({ StackName: wanted, LogicalResourceId }) => {
      const stack = this.stack(wanted);
      const resources = (stack.resources ?? []).filter(({ logicalId }) => LogicalResourceId === undefined || logicalId === LogicalResourceId);
      if (LogicalResourceId !== undefined && resources.length === 0) throw new AwsError('ValidationError', `Resource ${LogicalResourceId} does not exist for stack ${stack.stackName}`);
      return { StackResources: resources.map((resource) => ({ ...identify(stack), ...describeResource(resource), Timestamp: isoOf(lastChangeOf(stack)) })) };
    })
    .on('ListStackResources', shapes.listResources, ({ StackName: wanted, NextToken: token }) => {
      const stack = this.stack(wanted);
      return listed('StackResourceSummaries', stack.resources ?? [], ({ logicalId }) => logicalId, token, (resource) => ({ ...describeResource(resource), LastUpdatedTimestamp: isoOf(lastChangeOf(stack)) }));
    })
    .on('GetTemplate', shapes.getTemplate, ({ StackName: wanted }) => ({ TemplateBody: JSON.stringify(this.stack(wanted).template ?? {}), StagesAvailable: ['Original', 'Processed'] }));

  /** Records a stack; one that exists keeps its creation time. */
  putStack(stack: StackDescription): void {
    const existing = this.stacks.get(stack.stackName);
    this.stacks.set(stack.stackName, existing === undefined ? stack : { updatedAtMs: stack.createdAtMs, ...stack, createdAtMs: existing.createdAtMs });
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  save(): Json {
    return { stacks: [...this.stacks.values()] } as unknown as Json;
  }

  load(saved: Json): void {
    for (const stack of z.strictObject({ stacks: z.array(stackDescription) }).parse(saved).stacks) this.stacks.set(stack.stackName, stack);
  }

  private stack(nameOrId: string): StackDescription {
    const found = [...this.stacks.values()].find(({ stackName, stackId }) => nameOrId === stackName || nameOrId === stackId);
    if (found === undefined) throw new AwsError('ValidationError', `Stack with id ${nameOrId} does not exist`);
    return found;
  }
}

function identify({ stackId, stackName }: StackDescription): { readonly StackId: string; readonly StackName: string } {
  return { StackId: stackId, StackName: stackName };
}

function datesOf({ createdAtMs, updatedAtMs }: StackDescription): { readonly CreationTime: string; readonly LastUpdatedTime?: string } {
  return { CreationTime: isoOf(createdAtMs), ...(updatedAtMs !== undefined && { LastUpdatedTime: isoOf(updatedAtMs) }) };
}

function describeStack(stack: StackDescription): unknown {
  return {
    ...identify(stack),
    ...datesOf(stack),
    StackStatus: stack.status,
    DisableRollback: false,
    Outputs: Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  };
}

function describeResource({ logicalId, physicalId, type }: z.infer<typeof stackResource>): Readonly<Record<string, string>> {
  return { LogicalResourceId: logicalId, PhysicalResourceId: physicalId, ResourceType: type, ResourceStatus: 'CREATE_COMPLETE' };
}

function lastChangeOf({ createdAtMs, updatedAtMs }: StackDescription): number {
  return updatedAtMs ?? createdAtMs;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function listed<T>(member: string, all: readonly T[], idOf: (item: T) => string, token: string | undefined, describe: (item: T) => unknown): unknown {
  const page = pageOf(all, idOf, PAGE_SIZE, token, () => new AwsError('ValidationError', 'NextToken is not valid.'));
  return { [member]: page.items.map(describe), ...(page.token !== undefined && { NextToken: page.token }) };
}
