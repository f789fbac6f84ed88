import { notModelled } from '../kernel/aws-error';
import { type Condition, type ConditionContext, compileCondition } from './conditions';
import { asList, type PolicyDocument, type PolicyStatement } from './documents';
import { compilePattern, type Matcher } from './patterns';

/** Who asks, as policies name principals. */
export interface Principal {
  readonly accountId: string;
  /** Of the role or user; for a service its name, `events.amazonaws.com`. */
  readonly arn: string;
  /** Of the role session, if the principal is one. */
  readonly sessionArn?: string;
  readonly kind: 'identity' | 'service';
}

/** One permission that a call needs. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `kms:Decrypt` */
  readonly action: string;
  /** ARN, or `*` for actions without resources. */
  readonly resource: string;
  readonly context: ConditionContext;
}

/** How a principal is named by a statement: itself, or by its whole account (`root`). */
export type PrincipalMatch = 'direct' | 'account' | undefined;

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Action, resource and condition apply; the principal is not looked at. */
  readonly applies: (request: AccessRequest) => boolean;
  /** Identity policies, which name no principal, match everyone they are attached to. */
  readonly principal: (principal: Principal) => PrincipalMatch;
}

export type Policy = readonly Statement[];

const STATEMENT_MEMBERS = ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

/**
 * Compiles a policy document once, so that deciding is only matching.
 * @throws {AwsError} `NotModelledLocally` for whatever this evaluator would have to ignore.
 */
export function compilePolicy(document: PolicyDocument): Policy {
  return asList<PolicyStatement>(document.Statement).map(compileStatement);
}

function compileStatement(statement: PolicyStatement): Statement {
  const unknown = Object.keys(statement).find((member) => !STATEMENT_MEMBERS.includes(member));
  if (unknown !== undefined) throw notModelled(`the policy element ${unknown}`);
  const action = either(statement.Action, statement.NotAction, (pattern) => {
    const matches = compilePattern(pattern.toLowerCase());
    return (text) => matches(text.toLowerCase());
  });
  const resource = either(statement.Resource, statement.NotResource, compilePattern);
  const condition: Condition = compileCondition(statement.Condition ?? {});
  return {
    effect: statement.Effect,
    applies: (request) => action(request.action) && resource(request.resource) && condition(request.context),
    principal: compilePrincipal(statement.Principal),
  };
}

function either(positive: string | readonly string[] | undefined, negative: string | readonly string[] | undefined, compile: (pattern: string) => Matcher): Matcher {
  const matchers = asList<string>(positive ?? negative).map((pattern) => {
    if (pattern.includes('${')) throw notModelled(`the policy variable in ${pattern}`);
    return compile(pattern);
  });
  return (text) => matchers.some((matches) => matches(text)) === (positive !== undefined);
}

function compilePrincipal(element: PolicyStatement['Principal']): Statement['principal'] {
  if (element === undefined || element === '*') return () => 'direct';
  for (const kind of Object.keys(element)) {
    if (kind !== 'AWS' && kind !== 'Service') throw notModelled(`the principal type ${kind}`);
  }
  const identities = asList<string>(element['AWS']);
  const services = asList<string>(element['Service']);
  return (principal) => {
    if (principal.kind === 'service') return services.includes(principal.arn) ? 'direct' : undefined;
    if (identities.some((name) => name === '*' || name === principal.arn || name === principal.sessionArn)) return 'direct';
    const account = principal.accountId;
    return identities.includes(account) || identities.includes(`arn:aws:iam::${account}:root`) ? 'account' : undefined;
  };
}
