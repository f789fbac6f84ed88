import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, createStack } from './synthesized';

/** Findings of the AwsSolutions pack that are decisions: rule, where, why. */
const DECISIONS: readonly (readonly [rule: RegExp, where: RegExp, why: string])[] = [
  [/^AwsSolutions-IAM5\[Resource::arn:<AWS::Partition>:kms:.*:key\/\*\]$/, /Role\/Policy/, 'a version has no ARN before it exists; mutations are limited by tag'],
  [/^AwsSolutions-IAM5\[Resource::arn:.*:kms:.*:alias\/\*\]$/, /Role\/Policy/, 'DescribeKey of an alias that does not exist yet'],
  [/^AwsSolutions-IAM5\[Resource::\*\]$/, /(CreateKeyVersion|Reconcile)Role\/Policy|Key(Rotation|Repair)Role\/DefaultPolicy/, 'KMS, tagging and log delivery know no narrower resource for these calls'],
  [/^AwsSolutions-IAM5\[Resource::.*:alias\/\w+\/v\*\]$/, /CreateKeyVersionRole/, 'version aliases are numbered without end'],
  [/^AwsSolutions-IAM5\[Resource::.*:execution:keyturn-key-rotation:\*\]$/, /(ClaimRotation|StartDueRotations|RequestRotation|Decide|Reconcile)Role/, 'executions of one machine'],
  [/^AwsSolutions-IAM5\[Resource::<\w+\.Arn>:\*\]$/, /Key(Rotation|Repair)Role|SchedulerRole/, 'all versions of one function'],
  [/^AwsSolutions-SF1$/, /Key(Rotation|Repair)/, 'the history holds every event; a log of level ALL would repeat it'],
  [/^AwsSolutions-SF2$/, /Key(Rotation|Repair)/, 'X-Ray traces seconds, a rotation waits for weeks'],
];

interface Report {
  readonly pluginReports: readonly { readonly pluginName: string; readonly violations: readonly Violation[] }[];
}
interface Violation {
  readonly ruleName: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
}

test('cdk-nag finds nothing but decisions, and every decision is still one', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'keyturn-nag-'));
  const app = createApp({ isValidated: true, outdir });
  createStack(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  // CDK stops at any finding; the report that it writes holds all of them.
  expect(() => app.synth()).toThrow('AwsSolutions');

  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  const findings = report.pluginReports
    .filter(({ pluginName }) => pluginName === 'AwsSolutions')
    .flatMap(({ violations }) => violations.flatMap(({ ruleName, violatingConstructs }) => violatingConstructs.map(({ constructPath }) => [ruleName, constructPath] as const)));
  const isDecision = ([rule, where]: readonly [string, string], decision: (typeof DECISIONS)[number]) => decision[0].test(rule) && decision[1].test(where);
  expect(findings.filter((finding) => !DECISIONS.some((decision) => isDecision(finding, decision)))).toEqual([]);
  expect(DECISIONS.filter((decision) => !findings.some((finding) => isDecision(finding, decision)))).toEqual([]);
});
