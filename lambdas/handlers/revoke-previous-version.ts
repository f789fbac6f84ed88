import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { taskHandler } from '../runtime/task-handler';
import { approvableInput } from '../tasks/input';
import { revokePreviousVersion } from '../tasks/revoke-previous-version';

export const create: CreateHandler = (composition, telemetry) =>
  taskHandler(
    approvableInput,
    revokePreviousVersion({
      registry: composition.registry(),
      keys: composition.keys(),
      approvals: composition.approvals(),
      rules: composition.identityRules(),
    }),
    telemetry,
  );

export const handler = onLambda('revoke-previous-version', create);
