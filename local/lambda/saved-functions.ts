import { z } from 'zod';
import type { PolicyStatement } from '../iam/documents';

const config = z.strictObject({
  name: z.string(),
  roleArn: z.string(),
  handler: z.string(),
  environment: z.record(z.string(), z.string()),
  timeoutSeconds: z.number(),
  memoryMb: z.number(),
  runtime: z.string().optional(),
  description: z.string().optional(),
  architectures: z.array(z.string()).optional(),
  deadLetterArn: z.string().optional(),
  logGroup: z.string().optional(),
});

const statement = z.custom<PolicyStatement & { readonly Sid: string }>((value) => z.looseObject({ Sid: z.string(), Effect: z.enum(['Allow', 'Deny']) }).safeParse(value).success);

const savedFunction = z.strictObject({
  name: z.string(),
  lastVersion: z.int(),
  versions: z.array(
    z.strictObject({
      version: z.string(),
      config,
      /** Where the code is, and what it was: see `readBundle`. */
      code: z.strictObject({ filename: z.string(), sha256: z.string() }),
      modifiedAtMs: z.int(),
    }),
  ),
  permissions: z.array(statement),
  log: z.array(z.strictObject({ atMs: z.int(), version: z.string(), text: z.string() })),
});

/** An asynchronous invocation between two attempts. */
export const pendingInvocation = z.strictObject({
  name: z.string(),
  /** As it was invoked. */
  qualifier: z.string().optional(),
  /** That the qualifier stood for. */
  version: z.string(),
  payload: z.string(),
  origin: z.strictObject({ actor: z.string(), execution: z.string().optional() }),
  requestId: z.string(),
  /** From 0. */
  attempt: z.int(),
  atMs: z.int(),
});
export type PendingInvocation = z.infer<typeof pendingInvocation>;

/** Everything of Lambda that outlives a run; warm environments do not. */
export const savedFunctions = z.strictObject({ functions: z.array(savedFunction), pending: z.array(pendingInvocation) });
export type SavedFunctions = z.infer<typeof savedFunctions>;
