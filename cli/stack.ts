import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDbAcknowledgements } from '../lambdas/adapters/dynamodb/dynamodb-acknowledgements';
import { DynamoDbApprovals } from '../lambdas/adapters/dynamodb/dynamodb-approvals';
import { DynamoDbRegistry } from '../lambdas/adapters/dynamodb/dynamodb-registry';
import { KmsKeyProvider } from '../lambdas/adapters/kms/kms-key-provider';
import { StepFunctionsExecutions } from '../lambdas/adapters/outside';
import { STACK_OUTPUTS } from '../lambdas/contract/names';
import { instantOf, type Instant } from '../lambdas/domain/instant';
import { CliError } from './cli-error';
import { connect, type Connection, type ConnectionOptions } from './connection';
import { invokeFunction } from './invoke-function';
import { postSigned } from './signed-request';

/** One deployed stack, found by its outputs; everything is done as the caller. */
export class DeployedStack {
  private constructor(
    private readonly name: string,
    private readonly outputs: ReadonlyMap<string, string>,
    private readonly connection: Connection,
    /** How far the stack's clock is ahead of ours, ms: the local cloud's time is virtual. */
    private readonly aheadMs: number,
  ) {}

  /** @throws {CliError} when the stack cannot be read, with what to do. */
  static async find(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<DeployedStack> {
    return DeployedStack.on(await connect(options, env), options.stack);
  }

  /** @throws {CliError} as `find` */
  static async on(connection: Connection, name: string): Promise<DeployedStack> {
    const client = new CloudFormationClient(connection);
    let aheadMs = 0;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const date = Date.parse((result.response as { headers?: Record<string, string> }).headers?.['date'] ?? '');
        if (!Number.isNaN(date)) aheadMs = date - Date.now();
        return result;
      },
      { step: 'deserialize', name: 'readDate' },
    );
    const outputs = await client.send(new DescribeStacksCommand({ StackName: name })).then(
      ({ Stacks: stacks }) => stacks?.[0]?.Outputs ?? [],
      (error: unknown) => {
        throw new CliError(`the stack ${name} cannot be read: ${complaint(error)}`);
      },
    );
    return new DeployedStack(name, new Map(outputs.map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value])), connection, aheadMs);
  }

  /** What time it is where the stack is. */
  now(): Instant {
    return instantOf(Date.now() + this.aheadMs);
  }

  /** The registry, for reading. What the caller may read of it, IAM decides. */
  registry(): DynamoDbRegistry {
    return new DynamoDbRegistry(new DynamoDBClient(this.connection), this.output(STACK_OUTPUTS.table));
  }

  approvals(): DynamoDbApprovals {
    return new DynamoDbApprovals(new DynamoDBClient(this.connection), this.output(STACK_OUTPUTS.table));
  }

  acknowledgements(): DynamoDbAcknowledgements {
    return new DynamoDbAcknowledgements(new DynamoDBClient(this.connection), this.output(STACK_OUTPUTS.table));
  }

  /** For looking: who holds a lease may have ended. */
  executions(): StepFunctionsExecutions {
    return new StepFunctionsExecutions(new SFNClient(this.connection), this.output(STACK_OUTPUTS.stateMachineArn));
  }

  /** For looking. */
  keys(): KmsKeyProvider {
    return new KmsKeyProvider({ kms: new KMSClient(this.connection), tagging: new ResourceGroupsTaggingAPIClient(this.connection) });
  }

  get acknowledgeUrl(): string {
    return this.output(STACK_OUTPUTS.acknowledgeUrl);
  }

  /**
   * Runs the reconciliation once, as its schedule does.
   * @throws {CliError} when it may not be invoked, or failed.
   */
  async reconcile(): Promise<unknown> {
    return invokeFunction(new LambdaClient(this.connection), this.output(STACK_OUTPUTS.reconcileFunctionArn), { scheduledTime: this.now() });
  }

  /**
   * Posts to one of the entrances for people, signed as the caller.
   * @throws {CliError} with the reason when it was refused
   */
  async post(entrance: 'requestUrl' | 'operateUrl' | 'decideUrl', body: object): Promise<Told> {
    const { status, text } = await postSigned(new URL(this.output(STACK_OUTPUTS[entrance])), this.connection, JSON.stringify(body));
    const answer = parsed(text);
    // AWS writes its own refusals with a capital.
    if (status === 403 && answer.Message !== undefined) throw new CliError(`nothing was done (HTTP 403): ${answer.Message} What the caller needs for ${STACK_OUTPUTS[entrance]} is in the README, "What people may do".`);
    if (UNTOUCHED.has(status)) throw new CliError(`nothing was done (HTTP ${status}): ${answer.message ?? text}`);
    if (status !== 200) throw new CliError(`it was not done, or not all of it (HTTP ${status}): ${answer.message ?? text}. keyturn status and keyturn history tell how the key stands; to ask again is safe.`);
    return { status: answer.status ?? '', message: answer.message ?? '', ...(answer.approvalId !== undefined && { approvalId: answer.approvalId }) };
  }

  private output(name: (typeof STACK_OUTPUTS)[keyof typeof STACK_OUTPUTS]): string {
    const value = this.outputs.get(name);
    if (value === undefined) throw new CliError(`the stack ${this.name} has no output ${name}. Is it keyturn's, and as new as this command? Give --stack.`);
    return value;
  }
}

/** A function that answers so has written nothing; one that fails later may have. */
const UNTOUCHED: ReadonlySet<number> = new Set([400, 403, 404, 405]);

/** What an entrance answers. */
export interface Told {
  readonly status: string;
  readonly message: string;
  readonly approvalId?: string;
}

function parsed(text: string): Partial<Told> & { readonly Message?: string } {
  try {
    return JSON.parse(text) as ReturnType<typeof parsed>;
  } catch {
    return {};
  }
}

/** What went wrong, and what to do about it. */
function complaint(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (/Region is missing/.test(message)) return 'no Region is known. Give --region, or set AWS_REGION; for the local cloud give --local.';
  if (name === 'CredentialsProviderError') return 'there are no credentials. Set AWS_PROFILE, or log in; for the local cloud give --local.';
  if (name === 'ValidationError') return `${message}. Give --stack and --region.`;
  if (/AccessDenied/.test(name)) return `${message}. You need cloudformation:DescribeStacks on it.`;
  return `${[name, message, (error as NodeJS.ErrnoException).code ?? ''].filter((part) => part !== '' && part !== 'Error').join(' ')}. Is AWS, or what AWS_ENDPOINT_URL names, within reach? For the local cloud give --local.`;
}
