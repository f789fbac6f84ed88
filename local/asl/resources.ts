import { notModelled } from '../kernel/aws-error';
import type { StatesBlock } from './definition';
import type { TaskIntegrations } from './integrations';
import { nestedBlocks } from './references';

/** @throws {AwsError} NotModelledLocally, naming the first task resource that nothing stands behind */
export function requireResources(block: StatesBlock, integrations: TaskIntegrations): void {
  for (const [name, state] of block.states) {
    if (state.Type === 'Task' && integrations(state.Resource) === undefined) {
      throw notModelled(`the task resource ${state.Resource} (state '${name}')`);
    }
    for (const inner of nestedBlocks(state)) requireResources(inner, integrations);
  }
}
