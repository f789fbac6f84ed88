import { functionUrlHandler } from '../runtime/function-url';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { decide, decideBody } from '../tasks/decide';

export const create: CreateHandler = (composition, telemetry) =>
  functionUrlHandler(
    decideBody,
    decide({
      registry: composition.registry(),
      approvals: composition.approvals(),
      callbacks: composition.callbacks(),
      executions: composition.executions(),
      repairs: composition.repairs(),
      rules: composition.identityRules(),
      alerts: composition.alerts(),
      onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    }),
    telemetry,
    (body) => (body.action === 'answer' ? { action: body.action, approval: body.approvalId, answer: body.answer } : { action: body.action, key: body.key }),
  );

export const handler = onLambda('decide', create);
