import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { disablePreviousVersion } from '../tasks/disable-previous-version';
import { approvableInput } from '../tasks/input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(approvableInput, disablePreviousVersion({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('disable-previous-version', create);
