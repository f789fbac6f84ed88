import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { retirementInput } from '../tasks/input';
import { revokePreviousVersion } from '../tasks/revoke-previous-version';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(retirementInput, revokePreviousVersion({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('revoke-previous-version', create);
