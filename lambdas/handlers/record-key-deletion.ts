import { z } from 'zod';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { parsePayload, taskHandler } from '../runtime/task-handler';
import { recordKeyDeletion, recordKeyDeletionInput } from '../tasks/record-key-deletion';

/** The part of EventBridge's `KMS CMK Deletion` event that is read. @see https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html */
const deletionEvent = z.object({ time: z.string(), detail: z.object({ 'key-id': z.string() }) });

export const create: CreateHandler = (composition, telemetry) => {
  const handle = taskHandler(recordKeyDeletionInput, recordKeyDeletion({ registry: composition.registry() }), telemetry);
  return async (event, context) => {
    const { time, detail } = parsePayload(deletionEvent, event);
    return handle({ kmsKeyId: detail['key-id'], at: time }, context);
  };
};

export const handler = onLambda('record-key-deletion', create);
