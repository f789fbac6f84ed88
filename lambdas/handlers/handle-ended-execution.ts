import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { executionEvent, handleEndedExecution } from '../tasks/handle-ended-execution';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    executionEvent,
    handleEndedExecution({
      registry: composition.registry(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
  );

export const handler = onLambda('handle-ended-execution', create);
