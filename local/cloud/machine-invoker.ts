import { STATES_ERRORS } from '../asl/failure';
import type { LambdaInvoker } from '../asl/lambda-integration';
import { parseJson } from '../asl/json';
import type { Authorizer } from '../iam/authorizer';
import type { IdentityDirectory } from '../iam/identities';
import { AwsError } from '../kernel/aws-error';
import { isTooDeep, MAX_JSON_DEPTH } from '../kernel/client-json';
import type { Timeline } from '../kernel/clock';
import type { LambdaService } from '../lambda/lambda-service';
import { sessionOf } from './assumed-role';

/** Error names of Lambda's API as Step Functions tells them; others keep their name after `Lambda.`. */
const ERROR_NAMES: Readonly<Record<string, string>> = { AccessDeniedException: 'AWSLambdaException' };

const NOT_ASSUMABLE = 'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.';

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html Lambda.Unknown */
const UNKNOWN = { ok: false, error: 'Lambda.Unknown', cause: 'The cause could not be determined because Lambda did not return an error type.' } as const;

/** Not documented by AWS. */
const TOO_DEEP = { ok: false, error: STATES_ERRORS.runtime, cause: `The function's result is nested deeper than ${MAX_JSON_DEPTH} levels.` } as const;

/** How Step Functions invokes functions: with the role of the execution. */
export function invokerFor({ lambda, identities, authorizer, timeline }: {
  readonly lambda: LambdaService;
  readonly identities: IdentityDirectory;
  readonly authorizer: Authorizer;
  readonly timeline: Timeline;
}): LambdaInvoker {
  return {
    async invoke(functionArn, payload, { executionName, roleArn }) {
      try {
        const { caller } = sessionOf(identities, roleArn, 'states', NOT_ASSUMABLE);
        authorizer.assertAccess(caller, { action: 'lambda:InvokeFunction', resource: functionArn });
        const result = await lambda.invoke(functionArn, JSON.stringify(payload), { actor: caller.arn, execution: executionName });
        if (result.errorType !== undefined) return { ok: false, error: result.errorType, cause: result.payload };
        if (isTooDeep(result.payload)) return TOO_DEEP;
        return { ok: true, payload: parseJson(result.payload) };
      } catch (error) {
        if (error instanceof AwsError) return { ok: false, error: `Lambda.${ERROR_NAMES[error.code] ?? error.code}`, cause: error.message };
        timeline.fail(error, `an invocation of ${functionArn} by the execution ${executionName}`);
        return UNKNOWN;
      }
    },
  };
}
