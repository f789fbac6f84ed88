import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { beginRepair } from '../tasks/begin-repair';
import { repairInput } from '../tasks/repair-input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(repairInput, beginRepair({ registry: composition.registry(), approvals: composition.approvals(), rules: composition.identityRules() }), telemetry);

export const handler = onLambda('begin-repair', create);
