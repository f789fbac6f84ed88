import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { ownedInput } from '../tasks/input';
import { proveKeyVersion } from '../tasks/prove-key-version';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(ownedInput, proveKeyVersion({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('prove-key-version', create);
