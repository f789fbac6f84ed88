import { z } from 'zod';
import type { Authorizer } from '../iam/authorizer';
import type { IdentityDirectory } from '../iam/identities';
import { AwsError } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import { Operations } from '../wire/operations';

export interface StsOptions {
  readonly identities: IdentityDirectory;
  readonly authorizer: Authorizer;
  readonly nextId: () => string;
  /** The wall clock of the clients, ms since the epoch. */
  readonly wallNowMs: () => number;
}

/** The longest session of a role that a role's session assumes, in seconds. @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const MAX_CHAINED_SECONDS = 3_600;

const shapes = {
  getCallerIdentity: z.strictObject({}),
  assumeRole: z.strictObject({
    RoleArn: z.string().regex(/^arn:aws:iam::\d{12}:role\/.+$/),
    RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
    DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3_600),
    ExternalId: z.string().min(2).max(1_224).optional(),
  }),
};

/**
 * STS: who a caller is, and sessions of roles, for callers that the role's trust policy lets in. Sessions expire by the wall
 * clock, by which clients sign and renew them. Not modelled: session policies and tags, MFA, federation, session tokens of users.
 */
export class StsService implements Service {
  private readonly operations = new Operations('STS', 'ValidationError')
    .on('GetCallerIdentity', shapes.getCallerIdentity, (_request, caller) => ({ UserId: caller.userId, Account: caller.accountId, Arn: caller.arn }))
    .on('AssumeRole', shapes.assumeRole, (request, caller) => this.assumeRole(request, caller));

  constructor(private readonly options: StsOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  private assumeRole({ RoleArn, RoleSessionName, DurationSeconds, ExternalId }: z.output<typeof shapes.assumeRole>, caller: Caller): unknown {
    const { identities, authorizer, nextId, wallNowMs } = this.options;
    const role = identities.get(RoleArn);
    // A role that nobody may assume and one that does not exist are refused in the same words.
    const keyPolicy = JSON.stringify(onRole(role?.trust, RoleArn));
    try {
      authorizer.assertAccess(caller, { action: 'sts:AssumeRole', resource: RoleArn, keyPolicy, conditionKeys: { 'sts:ExternalId': ExternalId, 'sts:RoleSessionName': RoleSessionName } });
    } catch (error) {
      throw error instanceof AwsError && error.code === 'AccessDeniedException' ? new AwsError('AccessDenied', error.message, 403) : error;
    }
    if (role === undefined) throw new Error(`${RoleArn} let a caller in, and does not exist`);
    if (DurationSeconds > role.maxSessionSeconds) throw new AwsError('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
    if (caller.arn.includes(':assumed-role/') && DurationSeconds > MAX_CHAINED_SECONDS) {
      throw new AwsError('ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining');
    }
    const expiresAtMs = Math.floor(wallNowMs() / 1000) * 1000 + DurationSeconds * 1000;
    const credentials = identities.newCredentials(RoleArn, RoleSessionName, nextId(), expiresAtMs);
    return {
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: new Date(expiresAtMs).toISOString().replace('.000Z', 'Z'),
      },
      AssumedRoleUser: { AssumedRoleId: credentials.caller.userId, Arn: credentials.caller.arn },
    };
  }
}

/** A trust policy as a policy of the role: it names no resource itself. */
function onRole(trust: object | undefined, roleArn: string): object {
  const statements = trust !== undefined && 'Statement' in trust ? [trust.Statement].flat() : [];
  return { Statement: statements.map((statement) => ({ ...(statement as object), Resource: roleArn })) };
}
