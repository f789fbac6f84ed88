import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { startDueRotations, startDueRotationsInput } from '../tasks/start-due-rotations';

export const create: CreateHandler = (composition, logger) =>
  taskHandler(startDueRotationsInput, startDueRotations({ registry: composition.registry(), executions: composition.executions() }), logger);

export const handler = onLambda('start-due-rotations', create);
