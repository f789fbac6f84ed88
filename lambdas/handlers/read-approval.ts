import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { readApproval, readApprovalInput } from '../tasks/read-approval';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    readApprovalInput,
    readApproval({ registry: composition.registry(), approvals: composition.approvals(), rules: composition.identityRules() }),
    telemetry,
  );

export const handler = onLambda('read-approval', create);
