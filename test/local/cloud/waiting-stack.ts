import { assembly, type Fixture, functionWithRole, type Resources } from './fixture';

const SOURCE = 'exports.handler = async (event) => ({ got: event, url: process.env.URL });';

const ASSUMED_BY_STATES = { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'states.amazonaws.com' } }] };

/** A machine that waits an hour and asks a function, which knows its own URL; a schedule; a topic. */
const RESOURCES: Resources = {
  ...functionWithRole('Echo', 'echo'),
  EchoUrl: { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'AWS_IAM', TargetFunctionArn: { 'Fn::GetAtt': ['Echo', 'Arn'] } } },
  ...functionWithRole('Asked', 'echo', [], { URL: { 'Fn::GetAtt': ['EchoUrl', 'FunctionUrl'] } }),
  AskedVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Asked' } }, DeletionPolicy: 'Retain' },
  MachineRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: ASSUMED_BY_STATES, Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: 'AskedVersion' } } } }] } },
  Machine: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      RoleArn: { 'Fn::GetAtt': ['MachineRole', 'Arn'] },
      DefinitionSubstitutions: { Asked: { Ref: 'AskedVersion' } },
      DefinitionString: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Drain',
        States: {
          Drain: { Type: 'Wait', Seconds: 3600, Next: 'Ask' },
          Ask: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: '${Asked}', Payload: '{% $states.input %}' }, Output: '{% $states.result.Payload %}', End: true },
        },
      }),
    },
  },
  Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
};

const OUTPUTS = { Machine: { Value: { Ref: 'Machine' } }, Topic: { Value: { Ref: 'Topic' } }, Url: { Value: { 'Fn::GetAtt': ['EchoUrl', 'FunctionUrl'] } } };

export function waitingStack(): Fixture {
  return assembly(RESOURCES, { echo: SOURCE }, { Outputs: OUTPUTS });
}
