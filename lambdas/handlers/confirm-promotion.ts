import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { confirmPromotion } from '../tasks/confirm-promotion';
import { ownedInput } from '../tasks/input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    ownedInput,
    confirmPromotion({
      registry: composition.registry(),
      keys: composition.keys(),
      acknowledgements: composition.acknowledgements(),
      bus: composition.bus(),
      acknowledgeUrl: composition.acknowledgeUrl(),
    }),
    telemetry,
  );

export const handler = onLambda('confirm-promotion', create);
