import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { ownedInput } from '../tasks/input';
import { promoteKeyVersion } from '../tasks/promote-key-version';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    ownedInput,
    promoteKeyVersion({
      registry: composition.registry(),
      keys: composition.keys(),
      acknowledgements: composition.acknowledgements(),
      rolePattern: composition.rolePattern(),
    }),
    telemetry,
  );

export const handler = onLambda('promote-key-version', create);
