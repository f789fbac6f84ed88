import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { createKeyVersion } from '../tasks/create-key-version';
import { ownedInput } from '../tasks/input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    ownedInput,
    createKeyVersion({
      registry: composition.registry(),
      keys: composition.keys(),
      registryId: composition.registryId(),
      rolePattern: composition.rolePattern(),
      defaultPolicy: composition.defaultPolicy(),
    }),
    telemetry,
  );

export const handler = onLambda('create-key-version', create);
