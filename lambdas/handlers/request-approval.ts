import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { requestApproval, requestApprovalInput } from '../tasks/request-approval';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    requestApprovalInput,
    requestApproval({
      registry: composition.registry(),
      approvals: composition.approvals(),
      callbacks: composition.callbacks(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
  );

export const handler = onLambda('request-approval', create);
