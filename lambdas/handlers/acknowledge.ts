import { z } from 'zod';
import { instantOf } from '../domain/instant';
import { TaskError } from '../domain/task-error';
import { onLambda, type CreateHandler } from '../runtime/on-lambda';
import { parsePayload } from '../runtime/task-handler';
import { acknowledge, acknowledgeBody } from '../tasks/acknowledge';

/** The part of a Function URL's event that is read. IAM has verified the caller; without an identity there is no answer. */
const functionUrlEvent = z.object({
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
  requestContext: z.object({
    timeEpoch: z.number(),
    http: z.object({ method: z.string() }),
    authorizer: z.object({ iam: z.object({ userArn: z.string() }) }),
  }),
});

export const create: CreateHandler = (composition, telemetry) => {
  const answer = acknowledge({ acknowledgements: composition.acknowledgements(), callbacks: composition.callbacks() });
  return async (event) => {
    try {
      const { body, isBase64Encoded, requestContext } = parsePayload(functionUrlEvent, event);
      if (requestContext.http.method !== 'POST') return respond(405, { error: 'answer with POST' });
      const parsed = parsePayload(acknowledgeBody, parseJson(isBase64Encoded === true ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '')));
      const result = await answer(parsed, { arn: requestContext.authorizer.iam.userArn, at: instantOf(requestContext.timeEpoch) });
      telemetry.info('acknowledgement', { acknowledgementId: parsed.acknowledgementId, by: requestContext.authorizer.iam.userArn, status: result.status });
      return respond(result.status === 'refused' ? 403 : 200, result);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      telemetry.warn('acknowledgement failed', { error: error.name, reason: error.message });
      return respond(error.name === 'InvalidTaskInput' ? 400 : 503, { error: error.name, message: error.message });
    }
  };
};

export const handler = onLambda('acknowledge', create);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TaskError('InvalidTaskInput', 'the body is not JSON. Post {"acknowledgementId": "…", "verdict": "yes" | "no", "version": <number>}');
  }
}

function respond(statusCode: number, body: object): { statusCode: number; headers: Record<string, string>; body: string } {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
