import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { notifyDependent, notifyDependentInput } from '../tasks/notify-dependent';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    notifyDependentInput,
    notifyDependent({
      registry: composition.registry(),
      keys: composition.keys(),
      acknowledgements: composition.acknowledgements(),
      bus: composition.bus(),
      probes: composition.probes(),
      callbacks: composition.callbacks(),
      acknowledgeUrl: composition.acknowledgeUrl(),
    }),
    telemetry,
  );

export const handler = onLambda('notify-dependent', create);
