import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Grant } from './grants';

/**
 * How a role's statements are spread over policies. CDK does so, too, but takes every ARN for 150 characters while account and Region are
 * unknown: short aliases waste most of a role, and long ones pass synth and fail at deploy.
 */

/**
 * IAM's limits, in characters without white space: of all inline policies of a role together, of one managed policy, and how many of those a role
 * holds. The last one is a quota that AWS can raise to 25; what synth accepts must not depend on that.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_INLINE_CHARACTERS = 10_240;
const MAX_MANAGED_CHARACTERS = 6_144;
export const MAX_MANAGED_POLICIES = 10;

/** What a document needs besides its statements. */
const ENVELOPE_CHARACTERS = JSON.stringify({ Version: '2012-10-17', Statement: [] }).length;

/** Kept free in the inline policy for the role's own log group. */
const LOG_STATEMENT_CHARACTERS = 600;

/** The longest values of what is known at deploy only; names that CloudFormation makes are shorter than 256 characters. */
const LONGEST_PARTITION = 'aws-us-gov';
const LONGEST_REGION = 'ap-northeast-1';
const ACCOUNT = '111122223333';
const LONGEST_NAME = 'x'.repeat(256);

export interface RolePolicies {
  readonly inline: readonly PolicyStatement[];
  /** One list per managed policy; more than {@link MAX_MANAGED_POLICIES} cannot be attached. */
  readonly managed: readonly (readonly PolicyStatement[])[];
}

/** Spreads grants over as few policies as their order allows. Every statement fits into a policy of its own. */
export function rolePoliciesOf(scope: Construct, grants: readonly Grant[]): RolePolicies {
  const stack = Stack.of(scope);
  const inline = { free: MAX_INLINE_CHARACTERS - ENVELOPE_CHARACTERS - LOG_STATEMENT_CHARACTERS, statements: [] as PolicyStatement[] };
  const managed: (typeof inline)[] = [];
  for (const grant of grants) {
    const statement = statementOf(grant);
    const characters = charactersOf(stack, statement);
    let policy = [inline, ...managed].find(({ free }) => free >= characters);
    if (policy === undefined) {
      policy = { free: MAX_MANAGED_CHARACTERS - ENVELOPE_CHARACTERS, statements: [] };
      managed.push(policy);
    }
    policy.free -= characters;
    policy.statements.push(statement);
  }
  return { inline: inline.statements, managed: managed.map(({ statements }) => statements) };
}

/** With the comma behind it. */
function charactersOf(stack: Stack, statement: PolicyStatement): number {
  return JSON.stringify(longest(stack.resolve(statement.toStatementJson()))).length + 1;
}

/** Puts the longest text that an intrinsic function can come to in its place. */
function longest(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(longest);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: reference, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: readonly [string, readonly unknown[]] };
  if (reference !== undefined) return { 'AWS::Partition': LONGEST_PARTITION, 'AWS::Region': LONGEST_REGION, 'AWS::AccountId': ACCOUNT }[reference] ?? LONGEST_NAME;
  if (join !== undefined) return join[1].map(longest).join(join[0]);
  if ('Fn::GetAtt' in value) return LONGEST_NAME;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, longest(part)]));
}

function statementOf({ effect, actions, resources, conditions }: Grant): PolicyStatement {
  return new PolicyStatement({
    effect: effect === 'Deny' ? Effect.DENY : Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });
}
