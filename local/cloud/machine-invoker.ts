import type { LambdaInvoker } from '../asl/lambda-integration';
import type { Json } from '../../lambdas/domain/trace';
import type { Authorizer } from '../iam/authorizer';
import type { IdentityDirectory } from '../iam/identities';
import { AwsError } from '../kernel/aws-error';
import type { LambdaService } from '../lambda/lambda-service';

/** Error names of Lambda's API as Step Functions tells them; others keep their name after `Lambda.`. */
const ERROR_NAMES: Readonly<Record<string, string>> = { AccessDeniedException: 'AWSLambdaException' };

/** How Step Functions invokes functions: with the role of the state machine. */
export function invokerFor({ lambda, identities, authorizer, machineRoles }: {
  readonly lambda: LambdaService;
  readonly identities: IdentityDirectory;
  readonly authorizer: Authorizer;
  readonly machineRoles: ReadonlyMap<string, string>;
}): LambdaInvoker {
  return {
    async invoke(functionArn, payload, { executionName, executionArn }) {
      const machineArn = executionArn.replace(':execution:', ':stateMachine:').split(':').slice(0, 7).join(':');
      const { caller } = identities.credentialsFor(machineRoles.get(machineArn) ?? machineArn, 'states');
      try {
        authorizer.assertAccess(caller, { action: 'lambda:InvokeFunction', resource: functionArn });
        const result = await lambda.invoke(functionArn, JSON.stringify(payload), { actor: caller.arn, execution: executionName });
        return result.errorType === undefined
          ? { ok: true, payload: JSON.parse(result.payload) as Json }
          : { ok: false, error: result.errorType, cause: result.payload };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return { ok: false, error: `Lambda.${ERROR_NAMES[error.code] ?? error.code}`, cause: error.message };
      }
    },
  };
}
