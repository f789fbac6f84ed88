import { z } from 'zod';

const ruleTarget = z.strictObject({
  /** Unique within its rule. */
  id: z.string(),
  arn: z.string(),
  deadLetterArn: z.string().optional(),
});
export type RuleTarget = z.infer<typeof ruleTarget>;

/**
 * `ENABLED` takes everything but read-only calls that CloudTrail tells of.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
 */
export const RULE_STATES = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] as const;
export type RuleState = (typeof RULE_STATES)[number];

export const savedRule = z.strictObject({
  arn: z.string(),
  /** As JSON: see `compileEventPattern`. */
  pattern: z.unknown(),
  targets: z.array(ruleTarget),
  state: z.enum(RULE_STATES),
  description: z.string().optional(),
});

/** A rule of the default bus. */
export type Rule = Readonly<z.infer<typeof savedRule>>;
