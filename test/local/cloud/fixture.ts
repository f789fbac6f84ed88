import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Resources of a template, by logical id. */
export type Resources = Record<string, { Type: string; Properties?: object; DependsOn?: string | string[]; DeletionPolicy?: string; Condition?: string }>;

export interface Fixture {
  readonly directory: string;
  remove(): void;
}

/** Writes a small cloud assembly by hand: a template, and bundles by name (`S3Key` is the name with `.zip`). */
export function assembly(resources: Resources, bundles: Readonly<Record<string, string>> = {}, more: object = {}): Fixture {
  const directory = mkdtempSync(path.join(tmpdir(), 'assembly-'));
  const write = (file: string, content: unknown): void => {
    writeFileSync(path.join(directory, file), typeof content === 'string' ? content : JSON.stringify(content));
  };
  write('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'tiny.assets': { type: 'cdk:asset-manifest', properties: { file: 'tiny.assets.json' } },
      tiny: { type: 'aws:cloudformation:stack', properties: { templateFile: 'tiny.template.json' } },
    },
  });
  write('tiny.assets.json', {
    files: Object.fromEntries(Object.keys(bundles).map((name) => [name, { source: { path: `asset.${name}` }, destinations: { here: { objectKey: `${name}.zip` } } }])),
  });
  write('tiny.template.json', { Resources: resources, ...more });
  for (const [name, source] of Object.entries(bundles)) {
    mkdirSync(path.join(directory, `asset.${name}`));
    write(`asset.${name}/index.js`, source);
  }
  return { directory, remove: () => { rmSync(directory, { recursive: true }); } };
}

const ASSUMED_BY_LAMBDA = { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }] };

/** A function with a role of its own, which may do what the statements say. */
export function functionWithRole(logicalId: string, bundle: string, statements: readonly object[] = [], environment: object = {}): Resources {
  return {
    [`${logicalId}Role`]: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: ASSUMED_BY_LAMBDA, Path: '/tiny/' } },
    ...(statements.length > 0 && {
      [`${logicalId}Policy`]: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: `${logicalId}Policy`, Roles: [{ Ref: `${logicalId}Role` }], PolicyDocument: { Statement: statements } } },
    }),
    [logicalId]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'b', S3Key: `${bundle}.zip` },
        Environment: { Variables: environment },
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': [`${logicalId}Role`, 'Arn'] },
        Runtime: 'nodejs24.x',
        Timeout: 30,
      },
    },
  };
}
