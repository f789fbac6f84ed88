import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { abortSafely, abortSafelyInput } from '../tasks/abort-safely';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(abortSafelyInput, abortSafely({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('abort-safely', create);
