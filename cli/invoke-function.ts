import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { CliError } from './cli-error';

/**
 * Invokes a function and waits for its answer.
 * @throws {CliError} when the caller may not, or the function failed.
 */
export async function invokeFunction(client: LambdaClient, functionArn: string, input: object): Promise<unknown> {
  const { FunctionError: failed, Payload: payload } = await client.send(new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(input) })).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AccessDeniedException') throw new CliError(`${error.message}. You need lambda:InvokeFunction on ${functionArn}.`);
    throw new CliError(`${functionArn} cannot be invoked: ${String(error)}`);
  });
  const answer: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (failed === undefined) return answer;
  throw new CliError(`${functionArn} has failed: ${(answer as { errorMessage?: string }).errorMessage ?? failed}. Its log group tells more.`);
}
