import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { retirementInput } from '../tasks/input';
import { revokePreviousVersion } from '../tasks/revoke-previous-version';

export const create: CreateHandler = (composition, logger) =>
  taskHandler(retirementInput, revokePreviousVersion({ registry: composition.registry(), keys: composition.keys() }), logger);

export const handler = onLambda('revoke-previous-version', create);
