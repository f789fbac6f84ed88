import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import type { AwsCredentialIdentity } from '@smithy/types';
import { DynamoDbAcknowledgements } from '../adapters/dynamodb/dynamodb-acknowledgements';
import { DynamoDbApprovals } from '../adapters/dynamodb/dynamodb-approvals';
import { DynamoDbReconciliation } from '../adapters/dynamodb/dynamodb-reconciliation';
import { DynamoDbRegistry } from '../adapters/dynamodb/dynamodb-registry';
import { KmsKeyProvider } from '../adapters/kms/kms-key-provider';
import { EventBridgeBus, LambdaProbes, LambdaRescuer, SnsAlerts, StepFunctionsCallbacks, StepFunctionsExecutions, StepFunctionsRepairs } from '../adapters/outside';
import { ENV } from '../contract/names';
import { FUNCTION_TIMEOUT_SECONDS, REQUEST_TIMEOUT_SECONDS } from '../contract/timing';
import type { IdentityRules } from '../domain/identity';
import { defaultPolicy } from '../domain/key-policy-document';
import { readEnvironment } from './environment';

/** What a simulator or a test puts in place of the network. */
export interface ClientOverrides {
  readonly requestHandler?: NonNullable<KMSClientConfig['requestHandler']>;
  readonly region?: string;
  readonly credentials?: AwsCredentialIdentity;
  /** Gives a client of a class; `make` makes the real one. @default what `make` makes, anew each time */
  readonly clientOf?: <Client extends object>(clientClass: object, make: () => Client) => Client;
}

type ClientConfig = Omit<ClientOverrides, 'clientOf'> & { readonly maxAttempts: number };

/**
 * Builds what a function needs from its environment. The only place with `new …Client`.
 *
 * All clients make one attempt. For mutations of KMS a second one would make a second key; for everything else the workflow's
 * own retries are bounded, jittered, visible in the history, and take no function time.
 */
export class Composition {
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly overrides: ClientOverrides = {},
  ) {}

  registry(): DynamoDbRegistry {
    return new DynamoDbRegistry(this.dynamoDb(), this.variable('table'));
  }

  acknowledgements(): DynamoDbAcknowledgements {
    return new DynamoDbAcknowledgements(this.dynamoDb(), this.variable('table'));
  }

  approvals(): DynamoDbApprovals {
    return new DynamoDbApprovals(this.dynamoDb(), this.variable('table'));
  }

  /** Whose session names tell people apart; none unless the configuration names roles. */
  identityRules(): IdentityRules {
    return { vouchedRoles: (this.env[ENV.vouchedRoles] ?? '').split(',').filter((name) => name !== '') };
  }

  keys(): KmsKeyProvider {
    return new KmsKeyProvider({ kms: this.client(KMSClient), tagging: this.client(ResourceGroupsTaggingAPIClient) });
  }

  bus(): EventBridgeBus {
    return new EventBridgeBus(this.client(EventBridgeClient));
  }

  probes(): LambdaProbes {
    return new LambdaProbes(this.client(LambdaClient));
  }

  callbacks(): StepFunctionsCallbacks {
    return new StepFunctionsCallbacks(this.client(SFNClient));
  }

  executions(): StepFunctionsExecutions {
    return new StepFunctionsExecutions(this.client(SFNClient), this.variable('stateMachineArn'));
  }

  repairs(): StepFunctionsRepairs {
    return new StepFunctionsRepairs(this.client(SFNClient), this.variable('repairMachineArn'));
  }

  /** Its call lasts as long as the function that it invokes. */
  rescuer(): LambdaRescuer {
    return new LambdaRescuer(this.client(LambdaClient, FUNCTION_TIMEOUT_SECONDS - REQUEST_TIMEOUT_SECONDS), this.variable('rescueFunctionArn'));
  }

  reconciliation(): DynamoDbReconciliation {
    return new DynamoDbReconciliation(this.dynamoDb(), this.variable('table'));
  }

  alerts(): SnsAlerts {
    return new SnsAlerts(this.client(SNSClient), this.variable('topicArn'));
  }

  registryId(): string {
    return this.variable('registryId');
  }

  rolePattern(): string {
    return this.variable('rolePattern');
  }

  acknowledgeUrl(): string {
    return this.variable('acknowledgeUrl');
  }

  /** Policy of a bootstrapped key without one of its own; account and partition are those of keyturn's roles. */
  defaultPolicy(): string {
    const [, partition = 'aws', , , accountId = ''] = this.rolePattern().split(':');
    return defaultPolicy(partition, accountId);
  }

  private dynamoDb(): DynamoDBClient {
    return this.client(DynamoDBClient);
  }

  private client<Client extends object>(Client: new (config: ClientConfig) => Client, timeoutSeconds: number = REQUEST_TIMEOUT_SECONDS): Client {
    const { clientOf, ...overrides } = this.overrides;
    const requestHandler = { connectionTimeout: 2000, requestTimeout: timeoutSeconds * 1000, throwOnRequestTimeout: true };
    const make = (): Client => new Client({ maxAttempts: 1, requestHandler, ...overrides });
    return clientOf === undefined ? make() : clientOf(Client, make);
  }

  private variable(name: Parameters<typeof readEnvironment>[1][number]): string {
    return readEnvironment(this.env, [name])[name];
  }
}
