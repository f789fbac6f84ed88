import { functionUrlHandler } from '../runtime/function-url';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { requestBody, requestRotation } from '../tasks/request-rotation';

export const create: CreateHandler = (composition, telemetry) =>
  functionUrlHandler(
    requestBody,
    requestRotation({
      registry: composition.registry(),
      approvals: composition.approvals(),
      executions: composition.executions(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
    ({ action, key }) => ({ action, key }),
  );

export const handler = onLambda('request-rotation', create);
