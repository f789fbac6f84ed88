import { App, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfig } from '../../lib/config/load';
import { KeyturnStack } from '../../lib/keyturn-stack';

export const ROLE = 'arn:aws:iam::111122223333:role/app';
export const OTHER_ROLE = 'arn:aws:iam::111122223333:role/other';
export const PROBE = 'arn:aws:lambda:eu-west-1:111122223333:function:probe';
export const ADOPTED = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** Two keys: one adopted, one with a probe; one principal is a dependent of both. */
export const CONFIG = {
  vouchedRoles: ['AWSReservedSSO_*', 'okta-*'],
  defaults: { owner: 'platform', retirement: 'keep', rotateEvery: '90d' },
  keys: [
    { name: 'orders', adopt: ADOPTED, dependents: [{ name: 'app', principal: ROLE }, { name: 'other', principal: OTHER_ROLE }] },
    { name: 'mac', spec: 'HMAC_256', dependents: [{ name: 'app', principal: ROLE }, { name: 'probe', probe: PROBE }] },
  ],
};

/** Skips CDK's template validation, which takes seconds, unless a test is about it. */
export function createApp({ isValidated = false, outdir }: { isValidated?: boolean; outdir?: string } = {}): App {
  process.env['CDK_VALIDATION'] = String(isValidated);
  return new App({ context: { 'aws:cdk:bundling-stacks': [] }, outdir });
}

export function createStack(app: App, { config = CONFIG, env }: { config?: unknown; env?: Environment } = {}): KeyturnStack {
  return new KeyturnStack(app, 'keyturn', { configuration: parseConfig(config), env });
}

export function synthesize(options?: Parameters<typeof createStack>[1]): Template {
  return Template.fromStack(createStack(createApp(), options));
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export function resourcesOf(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** Intrinsic functions as readable text: `<Logical.Arn>:*`. */
export function rendered(value: any): string {
  if (typeof value === 'string') return value;
  if (value.Ref !== undefined) return `<${value.Ref}>`;
  if (value['Fn::GetAtt'] !== undefined) return `<${value['Fn::GetAtt'].join('.')}>`;
  if (value['Fn::Join'] !== undefined) return value['Fn::Join'][1].map(rendered).join(value['Fn::Join'][0]);
  return JSON.stringify(value);
}

export function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: string;
}

/** Every statement of the role whose logical id begins with `prefix`, in its inline policy and in its managed ones. */
export function statementsOf(template: Template, prefix: string): readonly Statement[] {
  return ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => Object.entries(resourcesOf(template, type)))
    .filter(([id]) => new RegExp(`^${prefix}Role((Default)?Policy)?\\d*[0-9A-F]{8}$`).test(id))
    .flatMap(([, { Properties }]) => Properties['PolicyDocument'].Statement)
    .map((statement) => ({
      effect: statement.Effect,
      actions: listOf(statement.Action),
      resources: listOf(statement.Resource).map(rendered),
      conditions: JSON.stringify(statement.Condition ?? {}, (_, value) => (value?.['Fn::Join'] === undefined ? value : rendered(value))),
    }));
}
