import { z } from 'zod';

const ruleTarget = z.strictObject({
  /** Unique within its rule. */
  id: z.string(),
  arn: z.string(),
  deadLetterArn: z.string().optional(),
});
export type RuleTarget = z.infer<typeof ruleTarget>;

export const savedRule = z.strictObject({
  arn: z.string(),
  /** As JSON: see `compileEventPattern`. */
  pattern: z.unknown(),
  targets: z.array(ruleTarget),
  isEnabled: z.boolean(),
  description: z.string().optional(),
});

/** A rule of the default bus. */
export type Rule = Readonly<z.infer<typeof savedRule>>;
