import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { checkBake } from '../tasks/check-bake';
import { retirementInput } from '../tasks/input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(retirementInput, checkBake({ registry: composition.registry(), keys: composition.keys() }), telemetry);

export const handler = onLambda('check-bake', create);
