import { randomBytes } from 'node:crypto';
import { Authorizer } from '../iam/authorizer';
import { IamService } from '../iam/iam-service';
import { CloudTrail, usualDelay } from '../cloudtrail/cloudtrail';
import { IdentityDirectory } from '../iam/identities';
import { DynamoDbService } from '../dynamodb/dynamodb-service';
import { EventBridgeService } from '../eventbridge/eventbridge-service';
import { type OnInternalError, Timeline } from '../kernel/clock';
import { Trace } from '../kernel/trace';
import { KmsService } from '../kms/kms-service';
import { functionUrlOf } from '../lambda/function-url';
import { LambdaService } from '../lambda/lambda-service';
import { LogsService } from '../logs/logs-service';
import { SchedulerService } from '../scheduler/scheduler-service';
import { StepFunctionsService } from '../sfn/service';
import { SnsService } from '../sns/sns-service';
import { SqsService } from '../sqs/sqs-service';
import { StsService } from '../sts/sts-service';
import { TaggingService } from '../tagging/tagging-service';
import { createDispatch } from '../wire/dispatch';
import type { Dispatch, Interceptor } from '../wire/message';
import { sessionOf } from './assumed-role';
import { CloudFormationService } from './cloudformation-service';
import { deliverEvent, topicTargets } from './deliveries';
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
  /** Every credential of the account is a function of it: whoever knows it can sign as anybody. @default a random one */
  readonly credentialSeed?: string;
  /** How many ids and random numbers an earlier run of this account has taken. @default none */
  readonly taken?: { readonly ids: number; readonly randoms: number };
  /** The clock that clients sign by, ms since the epoch: sessions of AssumeRole expire by it. @default the machine's */
  readonly wallNowMs?: () => number;
  /** How long after a KMS call CloudTrail tells of it, in ms. @default one to five minutes, by the seed */
  readonly cloudTrailDelayMs?: () => number;
  /** @default every call goes straight to its service */
  readonly intercept?: Interceptor;
  /** Told of what fails inside while time passes; only that invocation, execution or delivery fails then. @default it fails whoever drives the timeline */
  readonly onInternalError?: OnInternalError;
}

/** One account in one Region: the services, and what ties them together. */
export interface CloudServices {
  readonly accountId: string;
  readonly region: string;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly seed: string;
  readonly credentialSeed: string;
  readonly nextId: Supply<string>;
  readonly random: Supply<number>;
  readonly identities: IdentityDirectory;
  readonly authorizer: Authorizer;
  readonly kms: KmsService;
  readonly dynamodb: DynamoDbService;
  readonly states: StepFunctionsService;
  readonly lambda: LambdaService;
  readonly events: EventBridgeService;
  readonly cloudTrail: CloudTrail;
  readonly scheduler: SchedulerService;
  readonly sns: SnsService;
  readonly sqs: SqsService;
  readonly cloudformation: CloudFormationService;
  /** ARNs of the roles that stacks made, by name. */
  readonly roleArns: Map<string, string>;
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
  const timeline = new Timeline(startMs, options.onInternalError);
  const trace = new Trace(timeline);
  const nextId = idSupply(seed, options.taken?.ids);
  const random = randomSupply(seed, options.taken?.randoms);
  const { wallNowMs = Date.now, credentialSeed = randomBytes(32).toString('hex') } = options;
  const identities = new IdentityDirectory({ clock: timeline, wallNowMs, credentialSeed });
  const base = { ...place, timeline, trace, nextId, newId: nextId };

  const sqs = new SqsService({ ...base, clock: timeline, endpoint });
  const functionsWithUrl = new Set<string>();
  const lambda = new LambdaService({
    ...base,
    endpoint,
    credentialsFor: (role, session) => sessionOf(identities, role, session, 'The role defined for the function cannot be assumed by Lambda.'),
    sendDeadLetter: ({ queueArn, roleArn, functionName, payload, requestId, message }) => {
      const { caller } = sessionOf(identities, roleArn, functionName, 'The role defined for the function cannot be assumed by Lambda.');
      authorizer.assertAccess(caller, { action: 'sqs:SendMessage', resource: queueArn });
      sqs.deliver(queueArn, payload, {
        RequestID: { DataType: 'String', StringValue: requestId },
        ErrorCode: { DataType: 'Number', StringValue: '200' },
        ErrorMessage: { DataType: 'String', StringValue: message.slice(0, 1024) },
      });
    },
    urlOf: (name) => (functionsWithUrl.has(name) ? functionUrlOf(endpoint(), name) : undefined),
  });
  const sns = new SnsService({ ...base, clock: timeline, targets: topicTargets({ accountId, lambda, sqs, authorizer: () => authorizer }) });
  const putServiceEvent = (principal: string) => (event: { source: string; detailType: string; detail: unknown; resources: readonly string[] }) => {
    events.put({ ...event, detail: event.detail as never }, { arn: principal });
  };
  const kms = new KmsService({ ...base, onEvent: putServiceEvent('kms.amazonaws.com'), onCall: (call) => { cloudTrail.tell(call); } });
  const dynamodb = new DynamoDbService({ ...place, clock: timeline, trace });
  const iam = new IamService({ accountId, identities, nextId });
  const authorizer = new Authorizer(identities, { ...place, kms, dynamodb, stateMachineOfToken: (taskToken): string | undefined => states.stateMachineOfToken(taskToken), identityArnOf: (kind, name) => iam.arnOf(kind, name) });
  const events = new EventBridgeService({ ...base, queues: sqs, deliver: deliverEvent({ accountId, lambda, sns, sqs, authorizer }) });
  const cloudTrail = new CloudTrail({ ...base, bus: events, issuerOf: (caller) => identities.identityOf(caller).principal.arn, delayMs: options.cloudTrailDelayMs ?? usualDelay(random) });
  const states: StepFunctionsService = new StepFunctionsService({
    ...base,
    random,
    lambda: invokerFor({ lambda, identities, authorizer, timeline }),
    onEvent: putServiceEvent('states.amazonaws.com'),
  });
  const scheduler = new SchedulerService({
    timeline,
    nextId,
    queues: sqs,
    invoke: ({ roleArn, targetArn }, input) => {
      const { caller } = sessionOf(identities, roleArn, 'scheduler', `The execution role ${roleArn} cannot be assumed by EventBridge Scheduler.`);
      authorizer.assertAccess(caller, { action: 'lambda:InvokeFunction', resource: targetArn });
      lambda.invokeLater(targetArn, input, { actor: caller.arn });
    },
  });
  const cloudformation = new CloudFormationService();
  const dispatch = createDispatch({
    services: {
      kms, dynamodb, states, lambda, events, scheduler, sns, sqs, cloudformation, iam,
      sts: new StsService({ identities, authorizer, nextId, wallNowMs }),
      logs: new LogsService({ ...place, groups: () => lambda.logGroups() }),
      tagging: new TaggingService(() => kms.snapshot().keys),
    },
    region,
    credentials: identities,
    authorize: (call) => { authorizer.authorize(call); },
    trace,
    nextRequestId: nextId,
    ...(options.intercept !== undefined && { intercept: options.intercept }),
  });
  return { ...place, timeline, trace, seed, credentialSeed, nextId, random, identities, authorizer, kms, dynamodb, states, lambda, events, cloudTrail, scheduler, sns, sqs, cloudformation, dispatch, roleArns: new Map(), functionsWithUrl };
}
