import { isDeepStrictEqual } from 'node:util';
import { notModelled } from '../kernel/aws-error';
import type { Assembly, Template } from './assembly';
import { resolve, type Scope } from './intrinsics';
import { creationOrder } from './order';
import { resourceType } from './resources';
import { type Declared, type Made, Properties, type Site } from './resources/resource';

/** What a stack has made so far, by logical id. */
export type Deployed = ReadonlyMap<string, { readonly declared: Declared; readonly made: Made; readonly isRetained: boolean }>;

export interface DeploymentResult {
  readonly deployed: Deployed;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Makes a template's resources in the order of their dependencies: new ones are created, changed ones updated, unchanged
 * ones left alone, and those that the template lacks now removed, unless it retained them. Nothing is rolled back.
 *
 * @throws {Error} naming the resource, when one cannot be made.
 */
export async function deployTemplate(assembly: Assembly, site: Site, before: Deployed = new Map()): Promise<DeploymentResult> {
  const { template } = assembly;
  const deployed = new Map<string, { declared: Declared; made: Made; isRetained: boolean }>();
  const scope = templateScope(template, site, deployed);
  const isWanted = (condition: string | undefined): boolean => condition === undefined || scope.condition(condition);

  for (const logicalId of creationOrder(template.Resources)) {
    const resource = template.Resources[logicalId];
    if (resource === undefined || !isWanted(resource.Condition)) continue;
    await naming(logicalId, resource.Type, async () => {
      const declared = declare(logicalId, resource.Type, resolve(resource.Properties ?? {}, scope));
      const previous = before.get(logicalId);
      const isUnchanged = previous !== undefined && isDeepStrictEqual(previous.declared.properties.values, declared.properties.values);
      const made = isUnchanged
        ? previous.made
        : await resourceType(resource.Type).put(declared, site, previous && { made: previous.made, properties: previous.declared.properties });
      deployed.set(logicalId, { declared, made, isRetained: resource.DeletionPolicy === 'Retain' });
    });
  }

  for (const [logicalId, { declared, made, isRetained }] of [...before].reverse()) {
    if (deployed.has(logicalId) || isRetained) continue;
    await naming(logicalId, declared.type, async () => {
      const type = resourceType(declared.type);
      if (type.remove === undefined) throw notModelled(`the removal of a resource of type ${declared.type}`);
      await type.remove(declared, made, site);
    });
  }

  const outputs = Object.entries(template.Outputs ?? {}).filter(([, { Condition }]) => isWanted(Condition));
  return { deployed, outputs: Object.fromEntries(outputs.map(([name, { Value }]) => [name, String(resolve(Value, scope))])) };
}

async function naming(logicalId: string, type: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${logicalId} (${type}): ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function declare(logicalId: string, type: string, resolved: unknown): Declared {
  const values = resolved as Readonly<Record<string, unknown>>;
  const { properties } = resourceType(type);
  const unknown = properties === 'any' ? undefined : Object.keys(values).find((name) => !properties.includes(name));
  if (unknown !== undefined) throw notModelled(`the property ${unknown} of ${type}`);
  return { logicalId, type, properties: new Properties(values, logicalId) };
}

function templateScope(template: Template, { services, stackName, stackId }: Site, deployed: ReadonlyMap<string, { made: Made }>): Scope {
  const values: Readonly<Record<string, string>> = {
    'AWS::AccountId': services.accountId,
    'AWS::Region': services.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::StackId': stackId,
  };
  const madeOf = (logicalId: string): Made => {
    const found = deployed.get(logicalId);
    if (found === undefined) throw new Error(`it refers to ${logicalId}, which is not there`);
    return found.made;
  };
  const scope: Scope = {
    ref(name) {
      if (name in values) return values[name];
      const parameter = template.Parameters?.[name];
      if (parameter === undefined) return madeOf(name).ref;
      if (parameter.Default === undefined) throw new Error(`the parameter ${name} has no default`);
      return parameter.Default;
    },
    getAtt(logicalId, attribute) {
      const value = madeOf(logicalId).attributes[attribute];
      if (value === undefined) throw notModelled(`the attribute ${attribute} of ${logicalId}`);
      return value;
    },
    condition(name) {
      if (template.Conditions === undefined || !(name in template.Conditions)) throw new Error(`there is no condition ${name}`);
      return resolve(template.Conditions[name], scope) === true;
    },
  };
  return scope;
}
