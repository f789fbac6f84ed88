import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { AwsCredentialIdentity, Provider } from '@smithy/types';
import { STACK_OUTPUTS } from '../lambdas/contract/names';
import { CliError } from './cli-error';
import { postSigned } from './signed-request';

export interface AcknowledgeArguments {
  readonly acknowledgementId: string;
  readonly keyVersion: number;
  readonly verdict: 'yes' | 'no';
  readonly reason?: string;
  readonly url?: string;
  readonly stack: string;
  readonly region?: string;
}

export interface AcknowledgeAnswer {
  readonly status: string;
  readonly verdict: string;
  readonly by: string;
}

/**
 * `keyturn ack`.
 * @param credentials of the caller. @default those that every AWS tool finds
 * @throws {CliError} with the reason when the answer was not recorded.
 */
export async function acknowledge(
  args: AcknowledgeArguments,
  env: NodeJS.ProcessEnv,
  credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity> = defaultProvider(),
): Promise<AcknowledgeAnswer> {
  const url = parseUrl(args.url ?? (await urlOf(args.stack, args.region)));
  const region = args.region ?? /\.lambda-url\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] ?? env['AWS_DEFAULT_REGION'];
  if (region === undefined) throw new CliError('no Region is known. Give --region, or set AWS_REGION.');
  const { acknowledgementId, keyVersion: version, verdict, reason } = args;
  const body = JSON.stringify({ acknowledgementId, version, verdict, ...(reason === undefined ? {} : { reason }) });
  const { status, text } = await postSigned(url, region, credentials, body);
  const answer = parseAnswer(text);
  if (status !== 200) throw new CliError(`the answer was not recorded (HTTP ${status}): ${answer.reason ?? answer.message ?? text}`);
  return { status: answer.status ?? '', verdict: answer.verdict ?? '', by: answer.by ?? '' };
}

async function urlOf(stack: string, region: string | undefined): Promise<string> {
  const client = new CloudFormationClient(region === undefined ? {} : { region });
  const outputs = await client.send(new DescribeStacksCommand({ StackName: stack })).then(
    ({ Stacks: stacks }) => stacks?.[0]?.Outputs ?? [],
    (error: unknown) => {
      throw new CliError(`the stack ${stack} cannot be read: ${String(error)}. Give --stack and --region, or --url.`);
    },
  );
  const url = outputs.find((output) => output.OutputKey === STACK_OUTPUTS.acknowledgeUrl)?.OutputValue;
  if (url === undefined) throw new CliError(`the stack ${stack} has no output ${STACK_OUTPUTS.acknowledgeUrl}. Is it keyturn's? Give --stack, or --url.`);
  return url;
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new CliError(`--url ${text} is not a URL. Take acknowledgeUrl from the event.`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new CliError(`--url ${text} is not an https URL. Take acknowledgeUrl from the event.`);
  return url;
}

function parseAnswer(text: string): { status?: string; verdict?: string; by?: string; reason?: string; message?: string } {
  try {
    return JSON.parse(text) as ReturnType<typeof parseAnswer>;
  } catch {
    return {};
  }
}
