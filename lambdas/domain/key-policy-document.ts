import { canonicalJson } from './ledger';

/** What keyturn needs to do with a key that it rotates. IAM decides which of its roles may do which of these. */
const KEYTURN_ACTIONS = [
  'kms:CreateAlias',
  'kms:CreateGrant',
  'kms:Decapsulate',
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:Encapsulate',
  'kms:Encrypt',
  'kms:GenerateMac',
  'kms:GetKeyLastUsage',
  'kms:GetKeyPolicy',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:Sign',
  'kms:TagResource',
  'kms:UpdateAlias',
  'kms:Verify',
  'kms:VerifyMac',
];

const STATEMENT_ID = 'KeyturnRotatesThisKey';

interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Condition?: unknown;
}

/** The account's default: IAM decides. @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html */
export function defaultPolicy(partition: string, accountId: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'AccountAdministersByIam', Effect: 'Allow', Principal: { AWS: `arn:${partition}:iam::${accountId}:root` }, Action: 'kms:*', Resource: '*' }],
  });
}

/**
 * The policy of a new version: the given one, with keyturn's own statement in its current form. The statement names the
 * account and lets only keyturn's roles through (`aws:PrincipalArn`), so that IAM still decides per role.
 *
 * @param rolePattern ARN pattern of keyturn's roles, e.g. `arn:aws:iam::111122223333:role/keyturn/*`.
 * @throws {SyntaxError} when `policy` is not JSON.
 */
export function carriedPolicy(policy: string, rolePattern: string): string {
  const document = JSON.parse(policy) as { Statement?: Statement | readonly Statement[] };
  const statements = statementsOf(document).filter((statement) => statement.Sid !== STATEMENT_ID);
  return canonicalJson({ ...document, Statement: [...statements, ownStatement(rolePattern)] });
}

/**
 * Equal as documents: KMS gives lists back in any order, and a list of one as its member, so neither counts.
 * @throws {SyntaxError} when one of them is not JSON.
 */
export function isSamePolicy(left: string, right: string): boolean {
  return canonicalJson(asSets(JSON.parse(left))) === canonicalJson(asSets(JSON.parse(right)));
}

/** Every list as a sorted set, a set of one as its member. */
function asSets(value: unknown): unknown {
  if (Array.isArray(value)) {
    const members = new Map(value.map((member) => [canonicalJson(asSets(member)), asSets(member)]));
    const sorted = [...members].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, member]) => member);
    return sorted.length === 1 ? sorted[0] : sorted;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asSets(member)]));
}

/**
 * An unconditional Deny of something that keyturn needs, for everybody: such a policy would lock keyturn out of the key that
 * it has just made. Conditional denials cannot be judged here; KMS's own lockout check and Prove Key Version judge them.
 * @returns the first denied action, or `undefined`.
 */
export function lockedOutAction(policy: string): string | undefined {
  const document = JSON.parse(policy) as { Statement?: Statement | readonly Statement[] };
  const denied = statementsOf(document)
    .filter((statement) => statement.Effect === 'Deny' && statement.Condition === undefined && isEverybody(statement.Principal))
    .flatMap((statement) => statement.Action ?? []);
  return KEYTURN_ACTIONS.find((action) => denied.some((pattern) => matches(pattern, action)));
}

function ownStatement(rolePattern: string): Statement & { Resource: string } {
  const [, partition, , , accountId] = rolePattern.split(':');
  return {
    Sid: STATEMENT_ID,
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
    Action: KEYTURN_ACTIONS,
    Resource: '*',
    Condition: { ArnLike: { 'aws:PrincipalArn': rolePattern } },
  };
}

function statementsOf(document: { Statement?: Statement | readonly Statement[] }): readonly Statement[] {
  const statements = document.Statement ?? [];
  return Array.isArray(statements) ? (statements as readonly Statement[]) : [statements as Statement];
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true;
  const aws = (principal as { AWS?: string | readonly string[] } | undefined)?.AWS ?? [];
  return [aws].flat().some((one) => one === '*' || one.endsWith(':root'));
}

function matches(pattern: string, action: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 'i').test(action);
}
