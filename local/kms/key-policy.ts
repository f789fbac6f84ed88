import { z } from 'zod';
import { asList } from '../iam/documents';
import { compilePattern } from '../iam/patterns';
import { parseClientJson } from '../kernel/client-json';
import type { Caller } from '../kernel/service';
import { kmsError } from './errors';
import { pageOf } from './paging';
import type { Place } from './place';
import type { Rooms } from './rooms';
import { keyIdText, limit, marker, operation, type Operations } from './wire';

/** The only policy that a key has. */
const POLICY_NAME = 'default';
const MAX_POLICY_BYTES = 32 * 1024;
const DEFAULT_PAGE = 100;

export const policyText = z.string().min(1).max(131_072).regex(/^[\u0009\u000A\u000D\u0020-\u00FF]+$/);
const policyName = z.string().min(1).max(128).regex(/^[\w]+$/).optional();

const oneOrMore = z.union([z.string(), z.array(z.string())]);
const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), oneOrMore)]).optional(),
  Action: oneOrMore.optional(),
});
const policyDocument = z.object({ Statement: z.union([statement, z.array(statement)]) });
type Statement = z.output<typeof statement>;

/** The policy of a key that is created without one: IAM policies of the account decide. */
export function defaultKeyPolicy({ accountId }: Place): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    },
    null,
    2,
  );
}

/**
 * Refuses a policy that KMS would not take. The lockout check looks for a statement that allows `kms:PutKeyPolicy` to the caller or to
 * the account; conditions and Deny statements are not weighed.
 *
 * @throws {MalformedPolicyDocumentException|LimitExceededException}
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
 */
export function assertUsablePolicy(policy: string, caller: Caller, bypassLockoutCheck: boolean): void {
  if (Buffer.byteLength(policy) > MAX_POLICY_BYTES) {
    throw kmsError('LimitExceededException', `Policy size exceeds the limit of ${String(MAX_POLICY_BYTES)} bytes`);
  }
  const statements = parsePolicy(policy);
  if (!bypassLockoutCheck && !statements.some((candidate) => allowsPolicyUpdate(candidate, caller))) {
    throw kmsError('MalformedPolicyDocumentException', 'The new key policy will not allow you to update the key policy in the future.');
  }
}

function parsePolicy(policy: string): readonly Statement[] {
  let document: unknown;
  try {
    document = parseClientJson(policy);
  } catch {
    throw kmsError('MalformedPolicyDocumentException', 'Policy document is not valid JSON.');
  }
  const parsed = policyDocument.safeParse(document);
  if (!parsed.success) throw kmsError('MalformedPolicyDocumentException', 'Policy contains a statement that is not valid.');
  return asList<Statement>(parsed.data.Statement);
}

function allowsPolicyUpdate({ Effect, Action, Principal }: Statement, caller: Caller): boolean {
  if (Effect !== 'Allow') return false;
  if (!asList<string>(Action).some((action) => compilePattern(action.toLowerCase())('kms:putkeypolicy'))) return false;
  if (Principal === '*') return true;
  const named = asList<string>(Principal?.['AWS']);
  const { accountId, arn } = caller;
  const roleName = /:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  return named.some(
    (name) =>
      ['*', accountId, `arn:aws:iam::${accountId}:root`, arn].includes(name) ||
      (roleName !== undefined && name.startsWith(`arn:aws:iam::${accountId}:role/`) && name.endsWith(`/${roleName}`)),
  );
}

const getKeyPolicyRequest = z.object({ KeyId: keyIdText, PolicyName: policyName });
const putKeyPolicyRequest = z.object({ KeyId: keyIdText, PolicyName: policyName, Policy: policyText, BypassPolicyLockoutSafetyCheck: z.boolean().optional() });
const listKeyPoliciesRequest = z.object({ KeyId: keyIdText, Limit: limit(1000), Marker: marker });

export function keyPolicyOperations({ directory }: Rooms): Operations {
  return {
    GetKeyPolicy: operation(getKeyPolicyRequest, ({ KeyId, PolicyName }) => {
      const { policy } = directory.forManagement('GetKeyPolicy', KeyId);
      assertOnlyPolicy(PolicyName);
      return { Policy: policy, PolicyName: POLICY_NAME };
    }),

    PutKeyPolicy: operation(
      putKeyPolicyRequest,
      ({ KeyId, PolicyName, Policy, BypassPolicyLockoutSafetyCheck }, caller) => {
        const key = directory.forManagement('PutKeyPolicy', KeyId);
        assertOnlyPolicy(PolicyName);
        assertUsablePolicy(Policy, caller, BypassPolicyLockoutSafetyCheck ?? false);
        key.policy = Policy;
      },
    ),

    ListKeyPolicies: operation(listKeyPoliciesRequest, ({ KeyId, Limit, Marker }) => {
      directory.forManagement('ListKeyPolicies', KeyId);
      const { items, rest } = pageOf([POLICY_NAME], (name) => name, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
      return { PolicyNames: items, ...rest };
    }),
  };
}

/** @throws {NotFoundException} for another policy than the only one. */
function assertOnlyPolicy(name: string = POLICY_NAME): void {
  if (name !== POLICY_NAME) throw kmsError('NotFoundException', 'No such policy exists');
}
