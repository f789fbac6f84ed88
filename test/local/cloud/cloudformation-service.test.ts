import type { Json } from '../../../lambdas/domain/trace';
import { CloudFormationService } from '../../../local/cloud/cloudformation-service';

const CALLER = { accountId: '111122223333', arn: 'a', userId: 'u' };
const STACK = {
  stackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/s/local',
  stackName: 's',
  status: 'CREATE_COMPLETE',
  createdAtMs: 0,
  outputs: { Topic: 't' },
  resources: [{ logicalId: 'A', physicalId: 'a-1', type: 'AWS::SNS::Topic' }, { logicalId: 'B', physicalId: 'b-1', type: 'AWS::SQS::Queue' }],
  template: { Resources: { A: { Type: 'AWS::SNS::Topic' } } },
};

function cloudFormation() {
  const service = new CloudFormationService();
  service.putStack(STACK);
  return { service, call: (operation: string, input: object = {}) => service.call(operation, input, CALLER) };
}

test('a stack is described, by name and by id, with its outputs', () => {
  const { call } = cloudFormation();
  const described = { Stacks: [{ StackId: STACK.stackId, StackName: 's', StackStatus: 'CREATE_COMPLETE', DisableRollback: false, CreationTime: '1970-01-01T00:00:00.000Z', Outputs: [{ OutputKey: 'Topic', OutputValue: 't' }] }] };
  expect(call('DescribeStacks')).toEqual(described);
  expect(call('DescribeStacks', { StackName: STACK.stackId })).toEqual(described);
  expect(() => call('DescribeStacks', { StackName: 'x' })).toThrow(expect.objectContaining({ code: 'ValidationError', message: 'Stack with id x does not exist' }) as Error);
});

test('an updated stack keeps when it was made', () => {
  const { service, call } = cloudFormation();
  service.putStack({ ...STACK, status: 'UPDATE_COMPLETE', createdAtMs: 1_000 });
  expect(call('ListStacks')).toMatchObject({ StackSummaries: [{ CreationTime: '1970-01-01T00:00:00.000Z', LastUpdatedTime: '1970-01-01T00:00:01.000Z', StackStatus: 'UPDATE_COMPLETE' }] });
  expect(call('ListStacks', { StackStatusFilter: ['CREATE_COMPLETE'] })).toEqual({ StackSummaries: [] });
});

test('resources and the template are shown', () => {
  const { call } = cloudFormation();
  expect(call('ListStackResources', { StackName: 's' })).toMatchObject({ StackResourceSummaries: [{ LogicalResourceId: 'A', PhysicalResourceId: 'a-1', ResourceType: 'AWS::SNS::Topic' }, { LogicalResourceId: 'B' }] });
  expect(call('DescribeStackResources', { StackName: 's', LogicalResourceId: 'B' })).toMatchObject({ StackResources: [{ StackName: 's', PhysicalResourceId: 'b-1' }] });
  expect(() => call('DescribeStackResources', { StackName: 's', LogicalResourceId: 'C' })).toThrow('Resource C does not exist for stack s');
  expect(JSON.parse((call('GetTemplate', { StackName: 's' }) as { TemplateBody: string }).TemplateBody)).toEqual(STACK.template);
});

test('refuses other operations by name', () => {
  expect(() => cloudFormation().call('DeleteStack', { StackName: 's' })).toThrow('does not model CloudFormation DeleteStack');
});

test('stacks are there after saving and loading', () => {
  const before = cloudFormation();
  const after = new CloudFormationService();
  after.load(JSON.parse(JSON.stringify(before.service.save())) as Json);
  expect(after.call('DescribeStacks', {}, CALLER)).toEqual(before.call('DescribeStacks'));
  expect(after.call('GetTemplate', { StackName: 's' }, CALLER)).toEqual(before.call('GetTemplate', { StackName: 's' }));
});
