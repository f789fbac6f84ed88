import { functionUrlHandler } from '../runtime/function-url';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { operate, operateBody } from '../tasks/operate';

export const create: CreateHandler = (composition, telemetry) =>
  functionUrlHandler(operateBody, operate({ registry: composition.registry(), rescuer: composition.rescuer() }), telemetry, ({ action, key }) => ({ action, key }));

export const handler = onLambda('operate', create);
