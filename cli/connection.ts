import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { AwsCredentialIdentity, Provider } from '@smithy/types';
import { Option, type Command } from 'commander';
import { CliError } from './cli-error';
import { ask } from './local/control-client';
import { DEFAULT_ENDPOINT } from './local/default-endpoint';

/** Where a command finds keyturn, and as whom it acts. */
export interface ConnectionOptions {
  /** The stack's name. */
  readonly stack: string;
  readonly region?: string;
  /** The local cloud instead of AWS: its endpoint, or `true` for the default one. */
  readonly local?: string | true;
  /** Who acts in the local cloud: a role or a user. @default its administrator */
  readonly as?: string;
}

/** What SDK clients and signers need. */
export interface Connection {
  readonly credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>;
  /** `undefined` where the SDK finds it by itself, or says that it is missing. */
  readonly region?: string;
  readonly endpoint?: string;
}

/** Gives a command the options of {@link ConnectionOptions}. */
export function withConnection(command: Command): Command {
  return command
    .option('--stack <name>', 'the stack', 'keyturn')
    .addOption(new Option('--region <region>', 'the Region of the stack').env('AWS_REGION'))
    .option('--local [endpoint]', `talks to the local cloud instead of AWS (default endpoint: ${DEFAULT_ENDPOINT})`)
    .option('--as <principal>', 'who acts in the local cloud: the ARN of a role or user, or its end, such as role/security (default: its administrator)');
}

/**
 * Against AWS the caller is whoever every AWS tool would find; in the local cloud it is its administrator, or whoever `--as` names.
 * @throws {CliError} when the local cloud does not answer, or does not know the principal.
 */
export async function connect({ region, local, as }: Partial<ConnectionOptions>, env: NodeJS.ProcessEnv): Promise<Connection> {
  if (local === undefined) {
    if (as !== undefined) throw new CliError('--as chooses who acts in the local cloud, and needs --local. Against AWS set AWS_PROFILE, or log in as somebody else.');
    const known = region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
    return { credentials: defaultProvider(), ...(known !== undefined && { region: known }) };
  }
  const endpoint = local === true ? (env['KEYTURN_LOCAL_ENDPOINT'] ?? DEFAULT_ENDPOINT) : local;
  if (!/^http:\/\//.test(endpoint)) throw new CliError(`--local ${endpoint} is not an endpoint such as ${DEFAULT_ENDPOINT}. Give --local last, or as --local=<endpoint>.`);
  const { accessKeyId, secretAccessKey, sessionToken, region: localRegion } = (await ask(endpoint, 'POST', 'credentials', as === undefined ? {} : { arn: as }, '--local')) as {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
    readonly region: string;
  };
  return { endpoint, region: localRegion, credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) } };
}
