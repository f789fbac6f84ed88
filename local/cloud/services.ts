import { Authorizer } from '../iam/authorizer';
import { IdentityDirectory } from '../iam/identities';
import { DynamoDbService } from '../dynamodb/dynamodb-service';
import { EventBridgeService } from '../eventbridge/eventbridge-service';
import { AwsError } from '../kernel/aws-error';
import { Timeline } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import { Trace } from '../kernel/trace';
import { KmsService } from '../kms/kms-service';
import { LambdaService } from '../lambda/lambda-service';
import { SchedulerService } from '../scheduler/scheduler-service';
import { StepFunctionsService } from '../sfn/service';
import { SnsService } from '../sns/sns-service';
import { SqsService } from '../sqs/sqs-service';
import { TaggingService } from '../tagging/tagging-service';
import { createDispatch } from '../wire/dispatch';
import type { Dispatch, Interceptor } from '../wire/message';
import { CloudFormationService } from './cloudformation-service';
import { deliverEvent } from './deliveries';
import { idSupply } from './ids';
import { randomSupply } from './randomness';
import { invokerFor } from './machine-invoker';
import type { Supply } from './supply';

export interface CloudOptions {
  /** @default 111122223333 */
  readonly accountId?: string;
  /** @default eu-central-1 */
  readonly region?: string;
  /** Virtual time at the start, ms since the epoch. @default 2026-01-01T00:00:00Z */
  readonly startMs?: number;
  /** Ids and jitter are a function of it. @default 'keyturn' */
  readonly seed?: string;
  /** How many ids and random numbers an earlier run of this account has taken. @default none */
  readonly taken?: { readonly ids: number; readonly randoms: number };
  /** @default every call goes straight to its service */
  readonly intercept?: Interceptor;
}

/** One account in one Region: the services, and what ties them together. */
export interface CloudServices {
  readonly accountId: string;
  readonly region: string;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly seed: string;
  readonly nextId: Supply<string>;
  readonly random: Supply<number>;
  readonly identities: IdentityDirectory;
  readonly authorizer: Authorizer;
  readonly kms: KmsService;
  readonly dynamodb: DynamoDbService;
  readonly states: StepFunctionsService;
  readonly lambda: LambdaService;
  readonly events: EventBridgeService;
  readonly scheduler: SchedulerService;
  readonly sns: SnsService;
  readonly sqs: SqsService;
  readonly cloudformation: CloudFormationService;
  /** ARNs of the roles that stacks made, by name. */
  readonly roleArns: Map<string, string>;
  /** Role of each state machine, by its ARN. */
  readonly machineRoles: Map<string, string>;
  /** Names of the functions that have a URL. */
  readonly functionsWithUrl: Set<string>;
  readonly dispatch: Dispatch;
}

/**
 * Makes the services of an empty account.
 * @param endpoint URL under which functions reach the dispatch
 */
export function createServices(options: CloudOptions, endpoint: () => string): CloudServices {
  const { accountId = '111122223333', region = 'eu-central-1', startMs = Date.UTC(2026, 0, 1), seed = 'keyturn' } = options;
  const place = { accountId, region };
  const timeline = new Timeline(startMs);
  const trace = new Trace(timeline);
  const nextId = idSupply(seed, options.taken?.ids);
  const random = randomSupply(seed, options.taken?.randoms);
  const identities = new IdentityDirectory();
  const machineRoles = new Map<string, string>();
  const base = { ...place, timeline, trace, nextId, newId: nextId };

  const sqs = new SqsService(nextId);
  const sns = new SnsService(trace, nextId);
  const lambda = new LambdaService({ ...base, endpoint, credentialsFor: (role, session) => identities.credentialsFor(role, session) });
  const putServiceEvent = (principal: string) => (event: { source: string; detailType: string; detail: unknown; resources: readonly string[] }) => {
    events.put({ ...event, detail: event.detail as never }, { arn: principal });
  };
  const kms = new KmsService({ ...base, onEvent: putServiceEvent('kms.amazonaws.com') });
  const dynamodb = new DynamoDbService({ ...place, clock: timeline, trace });
  const authorizer = new Authorizer(identities, { ...place, kms, dynamodb, stateMachineOfToken: () => onlyMachine(machineRoles) });
  const events = new EventBridgeService({ ...base, queues: sqs, deliver: deliverEvent({ accountId, lambda, sns, authorizer }) });
  const states = new StepFunctionsService({
    ...base,
    random,
    lambda: invokerFor({ lambda, identities, authorizer, machineRoles }),
    onEvent: putServiceEvent('states.amazonaws.com'),
  });
  const scheduler = new SchedulerService({
    timeline,
    nextId,
    queues: sqs,
    invoke: ({ roleArn, targetArn }, input) => {
      const { caller } = identities.credentialsFor(roleArn, 'scheduler');
      authorizer.assertAccess(caller, { action: 'lambda:InvokeFunction', resource: targetArn });
      lambda.invokeLater(targetArn, input, { actor: caller.arn });
    },
  });
  const cloudformation = new CloudFormationService();
  const dispatch = createDispatch({
    services: { kms, dynamodb, states, lambda, events, sns, sqs, cloudformation, tagging: new TaggingService(() => kms.snapshot().keys) },
    credentials: identities,
    authorize: (call) => { authorizer.authorize(call); },
    trace,
    nextRequestId: nextId,
    ...(options.intercept !== undefined && { intercept: options.intercept }),
  });
  return { ...place, timeline, trace, seed, nextId, random, identities, authorizer, kms, dynamodb, states, lambda, events, scheduler, sns, sqs, cloudformation, machineRoles, dispatch, roleArns: new Map(), functionsWithUrl: new Set() };
}

/** An AWS service as the caller of another. */
export function serviceCaller(accountId: string, principal: string): Caller {
  return { accountId, arn: principal, userId: principal };
}

/** Whose task waits for a token cannot be told from outside Step Functions, so an account with task tokens has one state machine. */
function onlyMachine(machineRoles: ReadonlyMap<string, string>): string | undefined {
  const [arn, ...others] = machineRoles.keys();
  if (others.length > 0) throw new AwsError('NotModelledLocally', 'The local AWS does not model permissions on task tokens of several state machines. See local/SUPPORTED.md.', 501);
  return arn;
}
