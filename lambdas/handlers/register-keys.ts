import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPolicy } from '../contract/key-policy';
import { instantOf } from '../domain/instant';
import { TaskError } from '../domain/task-error';
import { answerCustomResource } from '../runtime/custom-resource';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { registerKeys } from '../tasks/register-keys';

/** The normalized configuration, which the stack puts next to the bundle. */
const CONFIGURATION_FILE = 'keyturn.keys.json';

export const create: CreateHandler = (composition, telemetry) => {
  const registerAll = registerKeys({ registry: composition.registry(), keys: composition.keys(), registryId: composition.registryId() });
  return (event) =>
    answerCustomResource(event, async ({ RequestType, ResourceProperties, StackId }) => {
      // Deleting the stack keeps the table and every key: there is nothing to undo.
      if (RequestType === 'Delete') return;
      const policies = readConfiguration(ResourceProperties['configHash']);
      // CloudFormation's request carries no time; this is the one place that asks the clock.
      const output = await registerAll({ policies, at: instantOf(Date.now()), by: StackId });
      telemetry.info('keys registered', { ...output });
    });
};

export const handler = onLambda('register-keys', create);

/** @throws {TaskError} `InvalidTaskInput` when the bundle does not hold the configuration that is being deployed. */
function readConfiguration(expectedHash: unknown): readonly KeyPolicy[] {
  const text = readFileSync(join(__dirname, CONFIGURATION_FILE), 'utf8');
  const hash = createHash('sha256').update(text).digest('hex');
  if (hash !== expectedHash) {
    throw new TaskError('InvalidTaskInput', `the function holds configuration ${hash}, the deployment is about ${String(expectedHash)}. Deploy again.`);
  }
  return JSON.parse(text) as KeyPolicy[];
}
