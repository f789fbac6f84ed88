import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { DynamoDbApprovals } from '../lambdas/adapters/dynamodb/dynamodb-approvals';
import { DynamoDbRegistry } from '../lambdas/adapters/dynamodb/dynamodb-registry';
import { STACK_OUTPUTS } from '../lambdas/contract/names';
import { CliError } from './cli-error';
import { postSigned } from './signed-request';

/** Where a command finds keyturn. */
export interface StackOptions {
  readonly stack: string;
  readonly region?: string;
}

type OutputName = (typeof STACK_OUTPUTS)[keyof typeof STACK_OUTPUTS];

/** One deployed stack, found by its outputs; everything is done as the caller. */
export class DeployedStack {
  private constructor(
    private readonly outputs: ReadonlyMap<string, string>,
    private readonly options: StackOptions,
  ) {}

  /** @throws {CliError} when the stack cannot be read. */
  static async find(options: StackOptions): Promise<DeployedStack> {
    const client = new CloudFormationClient(regionOf(options));
    const outputs = await client.send(new DescribeStacksCommand({ StackName: options.stack })).then(
      ({ Stacks: stacks }) => stacks?.[0]?.Outputs ?? [],
      (error: unknown) => {
        throw new CliError(`the stack ${options.stack} cannot be read: ${String(error)}. Give --stack and --region.`);
      },
    );
    return new DeployedStack(new Map(outputs.map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])), options);
  }

  /** The registry, for reading. What the caller may read of it, IAM decides. */
  registry(): DynamoDbRegistry {
    return new DynamoDbRegistry(new DynamoDBClient(regionOf(this.options)), this.output(STACK_OUTPUTS.table));
  }

  approvals(): DynamoDbApprovals {
    return new DynamoDbApprovals(new DynamoDBClient(regionOf(this.options)), this.output(STACK_OUTPUTS.table));
  }

  /**
   * Posts to one of the entrances for people, signed as the caller.
   * @throws {CliError} with the reason when it was refused
   */
  async post(entrance: 'requestUrl' | 'operateUrl' | 'decideUrl', body: object, env: NodeJS.ProcessEnv): Promise<Told> {
    const url = new URL(this.output(STACK_OUTPUTS[entrance]));
    const region = this.options.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? /\.lambda-url\.([a-z0-9-]+)\./.exec(url.hostname)?.[1];
    if (region === undefined) throw new CliError('no Region is known. Give --region, or set AWS_REGION.');
    const { status, text } = await postSigned(url, region, defaultProvider(), JSON.stringify(body));
    const answer = parsed(text);
    if (status !== 200) throw new CliError(`nothing was done (HTTP ${status}): ${answer.message ?? text}`);
    return { status: answer.status ?? '', message: answer.message ?? '', ...(answer.approvalId !== undefined && { approvalId: answer.approvalId }) };
  }

  private output(name: OutputName): string {
    const value = this.outputs.get(name);
    if (value === undefined) throw new CliError(`the stack ${this.options.stack} has no output ${name}. Is it keyturn's, and as new as this command? Give --stack.`);
    return value;
  }
}

/** What an entrance answers. */
export interface Told {
  readonly status: string;
  readonly message: string;
  readonly approvalId?: string;
}

function parsed(text: string): Partial<Told> {
  try {
    return JSON.parse(text) as Partial<Told>;
  } catch {
    return {};
  }
}

function regionOf({ region }: StackOptions): { region?: string } {
  return region === undefined ? {} : { region };
}
