import { functionUrlHandler } from '../runtime/function-url';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { acknowledge, acknowledgeBody } from '../tasks/acknowledge';

export const create: CreateHandler = (composition, telemetry) =>
  functionUrlHandler(
    acknowledgeBody,
    acknowledge({ acknowledgements: composition.acknowledgements(), callbacks: composition.callbacks() }),
    telemetry,
    ({ acknowledgementId }) => ({ acknowledgementId }),
  );

export const handler = onLambda('acknowledge', create);
