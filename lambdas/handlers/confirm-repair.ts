import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { confirmRepair } from '../tasks/confirm-repair';
import { begunRepairInput } from '../tasks/repair-input';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    begunRepairInput,
    confirmRepair({
      registry: composition.registry(),
      approvals: composition.approvals(),
      keys: composition.keys(),
      callbacks: composition.callbacks(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
  );

export const handler = onLambda('confirm-repair', create);
