import { notModelled } from '../kernel/aws-error';
import type { StatesBlock } from './definition';
import type { TaskIntegrations } from './integrations';
import { Diagnostics } from './invalid-definition';
import { nestedBlocks } from './references';

/**
 * @throws {AwsError} InvalidDefinition for resources that cannot exist; NotModelledLocally, naming the first task
 * resource that nothing stands behind
 */
export function requireResources(machine: StatesBlock, integrations: TaskIntegrations): void {
  const diagnostics = new Diagnostics();
  const unknown: string[] = [];
  visitTasks(machine, '', (resource, name, location) => {
    if (!resource.startsWith('arn:')) diagnostics.add('SCHEMA_VALIDATION_FAILED', 'Value is not a valid resource ARN', location);
    else if (/:states:::lambda:.*\.sync(?::2)?$/.test(resource)) diagnostics.add('SCHEMA_VALIDATION_FAILED', `The resource provided ${resource} is not recognized`, location);
    else if (integrations(resource) === undefined) unknown.push(`the task resource ${resource} (state '${name}')`);
  });
  diagnostics.throwIfAny();
  const [first] = unknown;
  if (first !== undefined) throw notModelled(first);
}

function visitTasks(block: StatesBlock, path: string, see: (resource: string, name: string, location: string) => void): void {
  for (const [name, state] of block.states) {
    const location = `${path}/States/${name}`;
    if (state.Type === 'Task') see(state.Resource, name, `${location}/Resource`);
    for (const { at, inner } of nestedBlocks(state)) visitTasks(inner, `${location}${at}`, see);
  }
}
