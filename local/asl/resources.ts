import { notModelled } from '../kernel/aws-error';
import type { StatesBlock, TaskState } from './definition';
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
  visitTasks(machine, '', ({ Resource: resource, Arguments }, name, location) => {
    const refuse = (message: string, field: string): void => diagnostics.add('SCHEMA_VALIDATION_FAILED', message, `${location}/${field}`);
    const integration = integrations(resource);
    if (!resource.startsWith('arn:')) refuse('Value is not a valid resource ARN', 'Resource');
    else if (/:states:::lambda:.*\.sync(?::2)?$/.test(resource)) refuse(`The resource provided ${resource} is not recognized`, 'Resource');
    else if (integration === undefined) unknown.push(`the task resource ${resource} (state '${name}')`);
    else for (const problem of integration.problemsOf?.(Arguments ?? null) ?? []) refuse(problem, 'Arguments');
  });
  diagnostics.throwIfAny();
  const [first] = unknown;
  if (first !== undefined) throw notModelled(first);
}

function visitTasks(block: StatesBlock, path: string, see: (task: TaskState, name: string, location: string) => void): void {
  for (const [name, state] of block.states) {
    const location = `${path}/States/${name}`;
    if (state.Type === 'Task') see(state, name, location);
    for (const { at, inner } of nestedBlocks(state)) visitTasks(inner, `${location}${at}`, see);
  }
}
