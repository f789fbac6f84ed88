import { z } from 'zod';
import { TaskError } from '../domain/task-error';
import type { InvocationContext } from './on-lambda';
import type { Telemetry } from './telemetry';

type Task<Input, Output> = (input: Input, invocationId: string) => Promise<Output>;

/** Fields of an input that may stand on a log line. A task token is not among them. */
const LOGGED = ['key', 'rotationId', 'version', 'previous', 'state', 'dependent'] as const;

/**
 * Wraps a task for the Lambda runtime: refuses a payload that it does not understand before any call, puts the rotation on every
 * log line, and lets only errors with a name of the contract out.
 */
export function taskHandler<Schema extends z.ZodType, Output>(
  schema: Schema,
  task: Task<z.infer<Schema>, Output>,
  telemetry: Telemetry,
): (payload: unknown, context: InvocationContext) => Promise<Output> {
  return async (payload, { awsRequestId }) => {
    const input = parsePayload(schema, payload);
    const context = Object.fromEntries(LOGGED.flatMap((name) => (hasField(input, name) ? [[name, input[name]]] : [])));
    try {
      const output = await task(input, awsRequestId);
      telemetry.info('task done', context);
      return output;
    } catch (error) {
      const named = error instanceof TaskError ? error : new TaskError('UnclassifiedServiceError', String(error), { cause: error });
      telemetry.warn('task failed', { ...context, error: named.name, errorClass: named.errorClass, reason: named.message });
      telemetry.countFailure(named.name);
      throw named;
    }
  };
}

/** @throws {TaskError} `InvalidTaskInput` with every finding. Values are not repeated: one of them may be a task token. */
export function parsePayload<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`);
  throw new TaskError('InvalidTaskInput', `the payload is not what this task understands: ${findings.join('; ')}`);
}

function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && name in value;
}
