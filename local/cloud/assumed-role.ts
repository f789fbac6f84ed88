import type { IdentityDirectory } from '../iam/identities';
import { AwsError } from '../kernel/aws-error';
import type { SigningIdentity } from '../wire/authentication';

/**
 * The session of a role in which a service works. Its trust policy is not asked.
 * @param refusal what the service says when there is no such role, or no more
 * @throws {AwsError} `AccessDeniedException`.
 */
export function sessionOf(identities: IdentityDirectory, roleArn: string, sessionName: string, refusal: string): SigningIdentity {
  if (!identities.has(roleArn)) throw new AwsError('AccessDeniedException', refusal, 403);
  return identities.credentialsFor(roleArn, sessionName);
}
