import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { releaseRotation, releaseRotationInput } from '../tasks/release-rotation';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(releaseRotationInput, releaseRotation({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('release-rotation', create);
