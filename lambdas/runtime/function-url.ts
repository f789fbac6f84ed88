import { z } from 'zod';
import type { Caller } from '../domain/caller';
import { isAccountable } from '../domain/identity';
import { instantOf } from '../domain/instant';
import { TaskError } from '../domain/task-error';
import type { Handler } from './on-lambda';
import { parsePayload } from './task-handler';
import type { Telemetry } from './telemetry';

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

/** Errors that are the caller's to mend; everything else is ours, and may be tried again. */
const STATUS_CODES: Readonly<Partial<Record<string, number>>> = {
  InvalidTaskInput: 400,
  KeyNotRegistered: 404,
  KeyFrozen: 409,
  RotationNotAllowed: 409,
};

/**
 * Wraps a task for a Function URL with IAM authentication: `POST` of a JSON body, answered with JSON. What the task returns with the status
 * `refused` is answered as 403. The caller's identity and the time are those that AWS gives, never what the body says.
 */
export function functionUrlHandler<Schema extends z.ZodType, Result extends { readonly status: string }>(
  schema: Schema,
  task: (body: z.infer<Schema>, caller: Caller) => Promise<Result>,
  telemetry: Telemetry,
  logged: (body: z.infer<Schema>) => Readonly<Record<string, unknown>>,
): Handler {
  return async (event) => {
    try {
      const { body, isBase64Encoded, requestContext } = parsePayload(functionUrlEvent, event);
      if (requestContext.http.method !== 'POST') return respond(405, { error: 'ask with POST' });
      const caller = { arn: requestContext.authorizer.iam.userArn, at: instantOf(requestContext.timeEpoch) };
      if (!isAccountable(caller.arn)) return respond(403, { error: 'not accountable', message: `${caller.arn} is neither an IAM user nor a session of a role. Sign as one of these; nothing was changed` });
      const parsed = parsePayload(schema, parseJson(isBase64Encoded === true ? Buffer.from(body ?? '', 'base64').toString() : (body ?? '')));
      const result = await task(parsed, caller);
      telemetry.info('request', { ...logged(parsed), by: caller.arn, status: result.status });
      return respond(result.status === 'refused' ? 403 : 200, result);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      telemetry.warn('request failed', { error: error.name, reason: error.message });
      return respond(STATUS_CODES[error.name] ?? 503, { error: error.name, message: error.message });
    }
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TaskError('InvalidTaskInput', 'the body is not JSON. Post one JSON object');
  }
}

function respond(statusCode: number, body: object): { statusCode: number; headers: Record<string, string>; body: string } {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
