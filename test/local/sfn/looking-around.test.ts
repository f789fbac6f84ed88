import type { Json } from '../../../lambdas/domain/trace';
import { START_MS, StepFunctionsKit, refusal } from './kit';

const ROLE = 'arn:aws:iam::111111111111:role/r';
const PASS = { QueryLanguage: 'JSONata', StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
const WAIT = { QueryLanguage: 'JSONata', StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 100, Next: 'V' }, V: { Type: 'Wait', Seconds: 100, End: true } } };

test('ListStateMachines goes by page, oldest first', async () => {
  const kit = new StepFunctionsKit();
  expect(kit.call('ListStateMachines', {})).toEqual({ stateMachines: [] });
  const first = kit.create(PASS);
  await kit.pass(5);
  kit.create(PASS);
  kit.create(PASS);
  const { stateMachines, nextToken } = kit.call('ListStateMachines', { maxResults: 1 });
  expect(stateMachines).toEqual([{ stateMachineArn: first, name: 'machine-1', type: 'STANDARD', creationDate: START_MS / 1000 }]);
  expect(kit.page('ListStateMachines', { nextToken: nextToken ?? null }, 'stateMachines', 'name')).toEqual([['machine-2', 'machine-3'], undefined]);
});

test('DescribeStateMachineForExecution answers what the execution began with', async () => {
  const kit = new StepFunctionsKit();
  const stateMachineArn = kit.create(WAIT);
  const before = kit.start(stateMachineArn, {}, 'before');
  await kit.pass(10);
  kit.call('UpdateStateMachine', { stateMachineArn, definition: JSON.stringify(PASS), loggingConfiguration: { level: 'ALL' }, publish: false });
  const after = kit.start(stateMachineArn, {}, 'after');
  const common = { stateMachineArn, name: 'machine-1', roleArn: ROLE, tracingConfiguration: { enabled: false } };
  expect(kit.call('DescribeStateMachineForExecution', { executionArn: before })).toEqual({
    ...common,
    definition: JSON.stringify(WAIT),
    updateDate: START_MS / 1000,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  });
  expect(kit.call('DescribeStateMachineForExecution', { executionArn: after })).toEqual({
    ...common,
    definition: JSON.stringify(PASS),
    updateDate: START_MS / 1000 + 10,
    loggingConfiguration: { level: 'ALL' },
    revisionId: 'id-1',
  });
});

test('UpdateStateMachine refuses to change nothing', () => {
  const kit = new StepFunctionsKit();
  const stateMachineArn = kit.create(PASS);
  expect(refusal(() => kit.call('UpdateStateMachine', { stateMachineArn }))).toEqual([
    'MissingRequiredParameter',
    'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
  ]);
});

test.each<readonly [what: string, member: { readonly [name: string]: Json }, message: RegExp]>([
  ['publishing', { publish: true }, /true as the 'publish' of UpdateStateMachine/],
  ['a key of the customer', { encryptionConfiguration: { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: 'k' } }, /'encryptionConfiguration/],
])('UpdateStateMachine refuses %s by name', (_, member, message) => {
  const kit = new StepFunctionsKit();
  const stateMachineArn = kit.create(PASS);
  expect(refusal(() => kit.call('UpdateStateMachine', { stateMachineArn, roleArn: ROLE, ...member }))).toEqual(['NotModelledLocally', expect.stringMatching(message)]);
});

describe('DeleteStateMachine', () => {
  test('removes a machine of which nothing runs, with its executions', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(PASS);
    const executionArn = kit.start(stateMachineArn, {}, 'n');
    await kit.pass(1);
    expect(kit.call('DeleteStateMachine', { stateMachineArn })).toEqual({});
    expect(kit.call('DeleteStateMachine', { stateMachineArn })).toEqual({});
    expect(refusal(() => kit.call('DescribeStateMachine', { stateMachineArn }))).toEqual(['StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`]);
    expect(refusal(() => kit.call('DescribeExecution', { executionArn }))).toEqual(['ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`]);
    expect(refusal(() => kit.call('DeleteStateMachine', { stateMachineArn: 'x' }))).toEqual(['InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"]);
  });

  test.each([
    ['a machine', (kit: StepFunctionsKit) => kit],
    ['a machine that was saved and loaded meanwhile', (kit: StepFunctionsKit) => kit.reloaded()],
  ])('waits for %s until the next transition of its executions ends them', async (_, meanwhile) => {
    const before = new StepFunctionsKit();
    const stateMachineArn = before.create(WAIT);
    const executionArn = before.start(stateMachineArn, {}, 'n');
    before.start(before.create(WAIT), {}, 'of-another-machine');
    await before.pass(50);
    before.call('DeleteStateMachine', { stateMachineArn });
    const kit = meanwhile(before);
    await kit.pass(49);
    expect(kit.call('DescribeStateMachine', { stateMachineArn })['status']).toBe('DELETING');
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'RUNNING', redriveStatusReason: 'State machine is in DELETING status' });
    const deleting = ['StateMachineDeleting', `State Machine is being deleted: '${stateMachineArn}'`];
    expect(refusal(() => kit.start(stateMachineArn))).toEqual(deleting);
    expect(refusal(() => kit.call('UpdateStateMachine', { stateMachineArn, roleArn: ROLE }))).toEqual(deleting);
    expect(refusal(() => kit.call('CreateStateMachine', { name: 'machine-1', definition: JSON.stringify(WAIT), roleArn: ROLE }))).toEqual(deleting);
    await kit.pass(1);
    expect(kit.page('ListStateMachines', {}, 'stateMachines', 'name')[0]).toEqual(['machine-2']);
    expect(kit.trace.events().filter(({ type }) => type === 'states.execution-ended')).toMatchObject([{ execution: 'n', status: 'ABORTED' }]);
    expect(kit.statusChanges.at(-1)?.detail).toMatchObject({ name: 'n', status: 'ABORTED', redriveStatusReason: 'State machine is in DELETING status' });
    await kit.pass(200);
    expect(kit.trace.events().filter(({ type }) => type === 'states.execution-ended')).toMatchObject([{}, { execution: 'of-another-machine', status: 'SUCCEEDED' }]);
  });
});

describe('tags', () => {
  test('are set, changed and removed', () => {
    const kit = new StepFunctionsKit();
    const tags = [{ key: 'team', value: 'a' }, { key: 'stage', value: '' }];
    const resourceArn = kit.text('CreateStateMachine', { name: 'm', definition: JSON.stringify(PASS), roleArn: ROLE, tags }, 'stateMachineArn');
    expect(kit.call('ListTagsForResource', { resourceArn })).toEqual({ tags });
    expect(kit.call('TagResource', { resourceArn, tags: [{ key: 'team', value: 'b' }, { key: 'x', value: 'y' }] })).toEqual({});
    expect(kit.call('UntagResource', { resourceArn, tagKeys: ['stage', 'never'] })).toEqual({});
    expect(kit.call('ListTagsForResource', { resourceArn })).toEqual({ tags: [{ key: 'team', value: 'b' }, { key: 'x', value: 'y' }] });
  });

  test('are refused on what is not there, and beyond 50', () => {
    const kit = new StepFunctionsKit();
    const resourceArn = kit.create(PASS);
    const tags = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: '' }));
    kit.call('TagResource', { resourceArn, tags });
    expect(refusal(() => kit.call('TagResource', { resourceArn, tags: [{ key: 'one more', value: '' }] }))).toEqual(['TooManyTags', `Too many tags on '${resourceArn}': at most 50`]);
    const never = `${resourceArn}-never`;
    expect(refusal(() => kit.call('ListTagsForResource', { resourceArn: never }))).toEqual(['ResourceNotFound', `Resource not found: '${never}'`]);
  });
});

describe('ValidateStateMachineDefinition', () => {
  const validate = (definition: Json, more: { readonly [member: string]: Json } = {}): Json =>
    new StepFunctionsKit().call('ValidateStateMachineDefinition', { definition: typeof definition === 'string' ? definition : JSON.stringify(definition), ...more });

  test('finds nothing wrong with a definition that can be created', () => {
    expect(validate(PASS, { type: 'STANDARD', severity: 'WARNING' })).toEqual({ result: 'OK', diagnostics: [], truncated: false });
  });

  test('names what is wrong, and where', () => {
    const broken = { ...PASS, States: { P: { Type: 'Pass', Next: 'Nowhere, at /all' } } };
    expect(validate(broken)).toEqual({
      result: 'FAIL',
      diagnostics: [
        { severity: 'ERROR', code: 'MISSING_TRANSITION_TARGET', message: "Missing 'Next' target: Nowhere, at /all", location: '/States/P/Next' },
        { severity: 'ERROR', code: 'MISSING_END_STATE', message: 'Workflow has no terminal state' },
      ],
      truncated: false,
    });
    expect(validate('{')).toEqual({ result: 'FAIL', diagnostics: [{ severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION', message: expect.any(String) as string }], truncated: false });
  });

  test('shows no more than it is asked for', () => {
    const broken = { ...PASS, States: { P: { Type: 'Pass' }, Q: { Type: 'Pass' } } };
    expect(validate(broken, { maxResults: 1 })).toMatchObject({ result: 'FAIL', diagnostics: [{ code: 'SCHEMA_VALIDATION_FAILED' }], truncated: true });
  });

  test('refuses by name what is not modelled', () => {
    expect(refusal(() => validate(PASS, { type: 'EXPRESS' }))).toEqual(['NotModelledLocally', expect.stringMatching(/type EXPRESS/)]);
  });
});
