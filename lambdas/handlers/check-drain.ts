import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { checkDrain } from '../tasks/check-drain';
import { retirementInput } from '../tasks/input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    retirementInput,
    checkDrain({
      registry: composition.registry(),
      keys: composition.keys(),
      acknowledgements: composition.acknowledgements(),
      probes: composition.probes(),
    }),
    telemetry,
  );

export const handler = onLambda('check-drain', create);
