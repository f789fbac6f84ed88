import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { rotationInput } from '../tasks/input';
import { settle } from '../tasks/settle';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(rotationInput, settle({ registry: composition.registry() }), telemetry);

export const handler = onLambda('settle', create);
