import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { claimRotation, claimRotationInput } from '../tasks/claim-rotation';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(claimRotationInput, claimRotation({ registry: composition.registry(), keys: composition.keys(), executions: composition.executions() }), telemetry);

export const handler = onLambda('claim-rotation', create);
