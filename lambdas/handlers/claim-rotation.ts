import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { claimRotation, claimRotationInput } from '../tasks/claim-rotation';

export const create: CreateHandler = (composition, logger) =>
  taskHandler(claimRotationInput, claimRotation({ registry: composition.registry(), keys: composition.keys() }), logger);

export const handler = onLambda('claim-rotation', create);
