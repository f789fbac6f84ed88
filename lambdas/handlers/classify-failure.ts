import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { classifyFailure, classifyFailureInput } from '../tasks/classify-failure';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    classifyFailureInput,
    classifyFailure({
      registry: composition.registry(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
  );

export const handler = onLambda('classify-failure', create);
