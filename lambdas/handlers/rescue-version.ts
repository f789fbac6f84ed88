import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { rescueInput, rescueVersion } from '../tasks/rescue-version';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    rescueInput,
    rescueVersion({
      registry: composition.registry(),
      keys: composition.keys(),
      rolePattern: composition.rolePattern(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
  );

export const handler = onLambda('rescue-version', create);
