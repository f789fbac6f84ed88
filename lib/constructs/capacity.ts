import type { Construct } from 'constructs';
import type { FunctionName } from '../../lambdas/contract/functions';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { unless, type Problem } from '../config/problem';
import { principalsThatFit } from './acknowledge-url';
import { GRANTS, type GrantScope } from './grants';
import { MAX_MANAGED_POLICIES, rolePoliciesOf } from './role-policies';

type ScopeOf = (policies: readonly KeyPolicy[]) => GrantScope;

const SECOND_STACK = 'move the others to a second file and deploy that as a second stack: KEYTURN_CONFIG=<file> npx cdk deploy -c stackName=<name>';

/**
 * What is more than one stack can hold. Grants name every alias, adopted key and probe, and IAM limits what one role holds; the acknowledge function's
 * policy names every principal. Deployed all the same, either would fail halfway.
 */
export function capacityProblems(scope: Construct, policies: readonly KeyPolicy[], scopeOf: ScopeOf): readonly Problem[] {
  return [...keysProblem(scope, policies, scopeOf), ...principalsProblem(policies)];
}

function keysProblem(scope: Construct, policies: readonly KeyPolicy[], scopeOf: ScopeOf): readonly Problem[] {
  const fullRole = (count: number): FunctionName | undefined => {
    const grantScope = scopeOf(policies.slice(0, count));
    return (Object.keys(GRANTS) as FunctionName[]).find((name) => rolePoliciesOf(scope, GRANTS[name](grantScope)).managed.length > MAX_MANAGED_POLICIES);
  };
  const full = fullRole(policies.length);
  if (full === undefined) return [];
  let [fits, tooMany] = [0, policies.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (fullRole(middle) === undefined) fits = middle;
    else tooMany = middle;
  }
  const hint = `allowed: what the role of ${fullRole(tooMany) ?? full} can name within IAM's limits, the inline policy and ${MAX_MANAGED_POLICIES} managed ones; of these keys the first ${fits} fit, ${SECOND_STACK}`;
  return [{ path: 'keys', given: `${policies.length} keys`, hint }];
}

function principalsProblem(policies: readonly KeyPolicy[]): readonly Problem[] {
  const principals = principalsOf(policies);
  const fits = principalsThatFit(principals);
  return unless(
    fits === principals.length,
    pathOfPrincipal(policies, principals[fits]),
    `${principals.length} principals`,
    `allowed: as many different principals, of all keys together, as the acknowledge function's policy of 20 KB holds; the first ${fits} fit, let several services answer as one role, or ${SECOND_STACK}`,
  );
}

/** The IAM roles and users that answer as dependents, each once, in the file's order. */
export function principalsOf(policies: readonly KeyPolicy[]): readonly string[] {
  return [...new Set(policies.flatMap(({ dependents }) => dependents).flatMap((dependent) => (dependent.kind === 'event' ? dependent.principal : [])))];
}

/** Where a principal is named first. */
function pathOfPrincipal(policies: readonly KeyPolicy[], principal: string | undefined): string {
  const names = (dependents: KeyPolicy['dependents']) => dependents.findIndex((dependent) => dependent.kind === 'event' && dependent.principal === principal);
  const key = policies.findIndex(({ dependents }) => names(dependents) >= 0);
  return `keys[${key}].dependents[${names(policies[key]?.dependents ?? [])}].principal`;
}
