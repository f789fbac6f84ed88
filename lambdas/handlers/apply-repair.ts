import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { applyRepair } from '../tasks/apply-repair';
import { begunRepairInput } from '../tasks/repair-input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    begunRepairInput,
    applyRepair({ registry: composition.registry(), approvals: composition.approvals(), keys: composition.keys(), registryId: composition.registryId() }),
    telemetry,
  );

export const handler = onLambda('apply-repair', create);
