import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { classifyFailure, classifyFailureInput } from '../tasks/classify-failure';

export const create: CreateHandler = (composition, logger) =>
  taskHandler(
    classifyFailureInput,
    classifyFailure({
      registry: composition.registry(),
      alerts: composition.alerts(),
      onAlertLost: (error) => logger.error('the alert was not delivered', { reason: String(error) }),
    }),
    logger,
  );

export const handler = onLambda('classify-failure', create);
