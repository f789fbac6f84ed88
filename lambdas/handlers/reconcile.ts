import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { reconcile, reconcileInput } from '../tasks/reconcile';

export const create: CreateHandler = (composition, telemetry) => {
  const run = reconcile({
    registry: composition.registry(),
    approvals: composition.approvals(),
    keys: composition.keys(),
    callbacks: composition.callbacks(),
    executions: composition.executions(),
    repairs: composition.repairs(),
    rescuer: composition.rescuer(),
    reconciliation: composition.reconciliation(),
    registryId: composition.registryId(),
    rules: composition.identityRules(),
    alerts: composition.alerts(),
    onAlertLost: (error) => telemetry.warn('the alert was not delivered', { reason: String(error) }),
    gauge: (name, value) => telemetry.gauge(name, value),
  });
  return taskHandler(
    reconcileInput,
    async (input) => {
      const output = await run(input);
      for (const { key, what } of output.done) telemetry.info('reconciled', { key, what });
      for (const { key, check, error } of output.failed) telemetry.warn('not checked', { key, check, reason: error });
      return output;
    },
    telemetry,
  );
};

export const handler = onLambda('reconcile', create);
