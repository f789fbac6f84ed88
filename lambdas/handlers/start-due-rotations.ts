import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { startDueRotations, startDueRotationsInput } from '../tasks/start-due-rotations';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(startDueRotationsInput, startDueRotations({ registry: composition.registry(), executions: composition.executions() }), telemetry);

export const handler = onLambda('start-due-rotations', create);
