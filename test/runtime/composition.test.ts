import { ENV, type EnvName } from '../../lambdas/contract/names';
import { FUNCTIONS, type FunctionContract, type FunctionName } from '../../lambdas/contract/functions';
import { Composition } from '../../lambdas/runtime/composition';
import { readEnvironment } from '../../lambdas/runtime/environment';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import { HANDLERS } from '../../local/simulator/handlers';

const silent: Telemetry = { info: () => undefined, warn: () => undefined, countFailure: () => undefined, gauge: () => undefined };
const FULL: Readonly<Record<EnvName, string>> = {
  [ENV.table]: 'table',
  [ENV.registryId]: '111122223333:eu-central-1:keyturn',
  [ENV.rolePattern]: 'arn:aws-us-gov:iam::111122223333:role/keyturn/*',
  [ENV.stateMachineArn]: 'arn:aws:states:eu-central-1:111122223333:stateMachine:key-rotation',
  [ENV.vouchedRoles]: 'AWSReservedSSO_*',
  [ENV.topicArn]: 'arn:aws:sns:eu-central-1:111122223333:alerts',
  [ENV.repairMachineArn]: 'arn:aws:states:eu-central-1:111122223333:stateMachine:key-repair',
  [ENV.rescueFunctionArn]: 'arn:aws:lambda:eu-central-1:111122223333:function:rescue-version',
  [ENV.acknowledgeUrl]: 'https://acknowledge.invalid/',
};
const functions = Object.entries(FUNCTIONS) as [FunctionName, FunctionContract][];

test('names every variable that is missing or empty', () => {
  expect(() => readEnvironment({ [ENV.table]: '' }, ['table', 'topicArn'])).toThrow('environment variables missing: KEYTURN_TABLE, KEYTURN_TOPIC_ARN');
  expect(readEnvironment(FULL, ['table', 'topicArn'])).toEqual({ table: 'table', topicArn: FULL[ENV.topicArn] });
});

test.each(functions)('%s is built from the variables that the contract gives it, and no others', (name, { environment }) => {
  const env = Object.fromEntries(environment.map((variable) => [variable, FULL[variable]]));
  expect(() => HANDLERS[name](new Composition(env, { region: 'eu-central-1' }), silent)).not.toThrow();
});

test.each(functions)('%s says which variable is missing', (name) => {
  expect(() => HANDLERS[name](new Composition({}, { region: 'eu-central-1' }), silent)).toThrow('environment variables missing: KEYTURN_TABLE');
});

test("a bootstrapped key's default policy is that of the roles' account and partition", () => {
  const { Statement: statements } = JSON.parse(new Composition(FULL).defaultPolicy()) as { Statement: object[] };
  expect(statements).toMatchObject([{ Principal: { AWS: 'arn:aws-us-gov:iam::111122223333:root' }, Action: 'kms:*' }]);
});
