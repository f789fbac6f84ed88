import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CliError } from './cli-error';

const document = z.union([z.record(z.string(), z.unknown()), z.string()]);
const inline = z.array(z.looseObject({ PolicyName: z.string(), PolicyDocument: document })).default([]);
const details = z.looseObject({
  UserDetailList: z.array(z.looseObject({ Arn: z.string(), UserPolicyList: inline })),
  GroupDetailList: z.array(z.looseObject({ Arn: z.string(), GroupPolicyList: inline })),
  RoleDetailList: z.array(z.looseObject({ Arn: z.string(), RolePolicyList: inline })),
  Policies: z.array(z.looseObject({ Arn: z.string(), PolicyVersionList: z.array(z.looseObject({ IsDefaultVersion: z.boolean(), Document: document.optional() })).default([]) })),
});

/** One policy of IAM, and where it is. */
export interface IamPolicy {
  readonly where: string;
  readonly document: unknown;
}

/**
 * Reads what `aws iam get-account-authorization-details` prints: every policy that is in force.
 * @throws {CliError} for anything else.
 */
export function readIamDetails(file: string): readonly IamPolicy[] {
  try {
    const { UserDetailList: users, GroupDetailList: groups, RoleDetailList: roles, Policies: managed } = details.parse(JSON.parse(readFileSync(file, 'utf8')));
    const inlineOf = (arn: string, policies: z.infer<typeof inline>): readonly IamPolicy[] => policies.map(({ PolicyName: name, PolicyDocument: text }) => ({ where: `${arn}, ${name}`, document: decoded(text) }));
    return [
      ...users.flatMap((user) => inlineOf(user.Arn, user.UserPolicyList)),
      ...groups.flatMap((group) => inlineOf(group.Arn, group.GroupPolicyList)),
      ...roles.flatMap((role) => inlineOf(role.Arn, role.RolePolicyList)),
      ...managed.flatMap(({ Arn: where, PolicyVersionList: versions }) => versions.filter((version) => version.IsDefaultVersion).map((version) => ({ where, document: decoded(version.Document ?? {}) }))),
    ];
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new CliError(`--iam ${file} is not what \`aws iam get-account-authorization-details\` prints as JSON: ${what}`);
  }
}

/** The API gives documents URL-encoded; the AWS CLI decodes them. */
function decoded(text: z.infer<typeof document>): unknown {
  return typeof text === 'string' ? JSON.parse(decodeURIComponent(text)) : text;
}
