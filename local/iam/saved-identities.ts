import { z } from 'zod';
import type { PolicyDocument } from './documents';

const document = z.custom<PolicyDocument>((value) => z.looseObject({ Statement: z.union([z.looseObject({}), z.array(z.looseObject({}))]) }).safeParse(value).success);

export const savedIdentities = z.strictObject({
  identities: z.array(
    z.strictObject({
      arn: z.string(),
      createdAtMs: z.int(),
      /** Who may assume a role. */
      trust: document.optional(),
      maxSessionSeconds: z.int(),
      policies: z.array(z.strictObject({ name: z.string(), document })),
    }),
  ),
  credentials: z.array(
    z.strictObject({
      /** Of the role or user. */
      arn: z.string(),
      sessionName: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      sessionToken: z.string().optional(),
      createdAtMs: z.int(),
      expiresAtMs: z.int().optional(),
    }),
  ),
});
