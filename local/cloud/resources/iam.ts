import type { PolicyDocument } from '../../iam/documents';
import { notModelled } from '../../kernel/aws-error';
import { physicalName, type Properties, type ResourceType, type Site } from './resource';

/** What the managed policy allows is writing logs, which the local Lambda does without asking. */
const LOGS_ONLY = 'policy/service-role/AWSLambdaBasicExecutionRole';

export const role: ResourceType = {
  // Services assume the roles that the template gives them; the trust policy counts for AssumeRole.
  properties: ['AssumeRolePolicyDocument', 'Description', 'ManagedPolicyArns', 'MaxSessionDuration', 'Path', 'Policies', 'RoleName', 'Tags'],
  put(declared, site) {
    const { properties } = declared;
    const managed = properties.list('ManagedPolicyArns').map(String).find((arn) => !arn.endsWith(LOGS_ONLY));
    if (managed !== undefined) throw notModelled(`the managed policy ${managed}`);
    const name = properties.optionalText('RoleName') ?? physicalName(site, declared);
    const arn = `arn:aws:iam::${site.services.accountId}:role${properties.optionalText('Path') ?? '/'}${name}`;
    site.services.identities.put(arn, documentIn(properties.structure('AssumeRolePolicyDocument')), properties.number('MaxSessionDuration', 3_600));
    for (const policy of properties.structures('Policies')) {
      site.services.identities.putPolicy(arn, policy.text('PolicyName'), documentOf(policy));
    }
    site.services.roleArns.set(name, arn);
    return { ref: name, attributes: { Arn: arn } };
  },
};

export const policy: ResourceType = {
  properties: ['PolicyDocument', 'PolicyName', 'Roles'],
  put({ properties }, site, previous) {
    if (previous !== undefined) detach(previous.properties, site);
    for (const arn of holders(properties, site)) site.services.identities.putPolicy(arn, properties.text('PolicyName'), documentOf(properties));
    return { ref: properties.text('PolicyName'), attributes: {} };
  },
  remove: ({ properties }, _made, site) => { detach(properties, site); },
};

function detach(properties: Properties, site: Site): void {
  for (const arn of holders(properties, site)) site.services.identities.deletePolicy(arn, properties.text('PolicyName'));
}

function holders(properties: Properties, site: Site): readonly string[] {
  return properties.list('Roles').map((name) => {
    const arn = site.services.roleArns.get(String(name));
    if (arn === undefined) throw new Error(`There is no role ${String(name)} in the stack`);
    return arn;
  });
}

function documentOf(properties: Properties): PolicyDocument {
  return documentIn(properties.structure('PolicyDocument'));
}

function documentIn({ values }: Properties): PolicyDocument {
  return values as unknown as PolicyDocument;
}
