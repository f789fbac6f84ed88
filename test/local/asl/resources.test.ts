import type { Json } from '../../../lambdas/domain/trace';
import type { TaskIntegration } from '../../../local/asl/integrations';
import { parseDefinition } from '../../../local/asl/parse-definition';
import { requireResources } from '../../../local/asl/resources';
import { machine } from './kit';

const KNOWN: TaskIntegration = { events: { kind: 'function' }, waitsForToken: false, invoke: async (parameters) => parameters };

function check(Resource: string): () => void {
  const task = { Type: 'Task', Resource, End: true };
  const definition = machine({ P: { Type: 'Parallel', Branches: [{ StartAt: 'T', States: { T: task } }], End: true } });
  return () => requireResources(parseDefinition(JSON.stringify(definition)), (arn) => (arn === 'arn:known' ? KNOWN : undefined));
}

test.each([
  ['no ARN', 'my-function', 'Value is not a valid resource ARN at /States/P/Branches[0]/States/T/Resource'],
  ['a pattern that Lambda does not have', 'arn:aws:states:::lambda:invoke.sync', 'The resource provided arn:aws:states:::lambda:invoke.sync is not recognized at /States/P/Branches[0]/States/T/Resource'],
])('refuses as AWS does %s', (_, resource, message) => {
  expect(check(resource)).toThrow(`Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${message}'`);
});

test('refuses by name a resource that nothing stands behind', () => {
  expect(check('arn:aws:states:::dynamodb:putItem')).toThrow(/does not model the task resource arn:aws:states:::dynamodb:putItem \(state 'T'\)/);
});

test('refuses arguments that the integration would not take', () => {
  const definition = machine({ T: { Type: 'Task', Resource: 'arn:known', Arguments: { a: 1 }, End: true } });
  const integration = { ...KNOWN, problemsOf: (parameters: Json) => [`no ${JSON.stringify(parameters)}`] };
  const check = (): void => requireResources(parseDefinition(JSON.stringify(definition)), () => integration);
  expect(check).toThrow(`Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: no {"a":1} at /States/T/Arguments'`);
});

test('accepts what is integrated', () => {
  expect(check('arn:known')).not.toThrow();
});
