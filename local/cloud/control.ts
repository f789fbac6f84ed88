import { z } from 'zod';
import { AwsError } from '../kernel/aws-error';
import type { Dispatch, WireRequest, WireResponse } from '../wire/message';
import { messagesIn } from './doings';
import { AdvanceRefused, PaceStopped } from './pace';
import type { RunningCloud } from './running-cloud';
import { MAX_ADVANCE_MS } from './time-limits';

/** Where the local cloud is controlled, apart from everything that AWS answers. */
export const CONTROL_PREFIX = '/_local/';

/** A request that cannot be done as it was asked. */
class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * ARNs as IAM's names and paths allow them, or what follows the account in them.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
 */
const ROLE_OR_USER_ARN = /^(arn:aws:iam::\d{12}:)?(role|user)\/([!-~]{1,510}\/)?[\w+=,.@-]{1,64}$/;

const nothing = z.strictObject({});
const advanceInput = z.strictObject({ milliseconds: z.int().min(0).max(MAX_ADVANCE_MS) });
const credentialsInput = z.strictObject({
  /** @default the administrator's */
  arn: z.string().regex(ROLE_OR_USER_ARN, 'must be the ARN of a role or user, such as arn:aws:iam::111122223333:role/orders-api, or its end, such as role/orders-api').optional(),
  sessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/, 'must be a session name: 2 to 64 letters, digits or +=,.@-').optional(),
  /** Makes the principal if there is none. @default false */
  create: z.boolean().optional(),
  /** What one that is made may do, on all resources. @default nothing */
  actions: z.array(z.string().regex(/^(\*|[a-z0-9-]+:[\w*?]+)$/, 'must be an action, such as dynamodb:GetItem or lambda:*')).optional(),
});

type Action = (running: RunningCloud, body: unknown, abandoned: AbortSignal | undefined) => unknown;

function action<Input>(input: z.ZodType<Input>, run: (running: RunningCloud, input: Input, abandoned: AbortSignal | undefined) => unknown): Action {
  return (running, body, abandoned) => {
    const parsed = input.safeParse(body);
    if (!parsed.success) throw new ControlError(400, z.prettifyError(parsed.error));
    return run(running, parsed.data, abandoned);
  };
}

/** By method and name. */
const ACTIONS: Readonly<Record<string, Action>> = {
  'GET status': action(nothing, statusOf),
  'GET messages': action(nothing, ({ cloud }) => ({ messages: messagesIn(cloud.trace.events()), deliveries: deliveriesOf(cloud) })),
  'POST advance': action(advanceInput, async ({ pace }, { milliseconds }, abandoned) => ({ virtualTime: isoOf(await pace.advance(milliseconds, abandoned)) })),
  'GET kms': action(nothing, ({ cloud }) => cloud.kms.switches()),
  // KMS itself says which switches there are.
  'POST kms': action(z.looseObject({}), ({ cloud, pace }, switches) =>
    pace.whenQuiet(() => {
      cloud.kms.configure(switches);
      return cloud.kms.switches();
    }),
  ),
  'POST save': action(nothing, async (running) => ({ file: await running.save() })),
  'POST credentials': action(credentialsInput, (running, { arn: named, sessionName, create = false, actions }) => {
    const { cloud } = running;
    if (named === undefined) return { ...running.administrator(), region: cloud.region, isNew: false };
    const arn = named.startsWith('arn:') ? named : `arn:aws:iam::${cloud.accountId}:${named}`;
    const isNew = !cloud.services.identities.has(arn);
    if (isNew && !arn.startsWith(`arn:aws:iam::${cloud.accountId}:`)) throw new ControlError(404, `There is no ${arn}: the local account is ${cloud.accountId}.`);
    if (isNew && !create) throw new ControlError(404, `There is no ${arn}. Correct it, or ask for it to be made: \`keyturn local credentials ${arn} --create\`, or "create": true.`);
    const { accessKeyId, secretAccessKey, sessionToken } = cloud.credentialsFor(arn, isNew && actions !== undefined ? { actions } : undefined, sessionName);
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }), region: cloud.region, isNew };
  }),
};

/**
 * Answers what the people (and programs) who run the local cloud ask it: JSON in, JSON out, errors as `{ error }`. The
 * server lets in no page of a browser.
 */
export function controlRoute(current: () => RunningCloud | undefined): Dispatch {
  return async (request) => {
    try {
      const known = ACTIONS[`${request.method} ${request.path.slice(CONTROL_PREFIX.length)}`];
      if (known === undefined) throw new ControlError(404, `There is no ${request.method} ${request.path}. There are: ${Object.keys(ACTIONS).join(', ')}, below ${CONTROL_PREFIX}.`);
      const running = current();
      if (running === undefined) throw new ControlError(503, 'The local cloud is still starting.');
      return answer(200, await known(running, bodyOf(request), request.abandoned));
    } catch (error) {
      return answer(statusOfError(error), { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

function statusOf({ cloud, pace }: RunningCloud): unknown {
  const { timeline, endpoint, outputs } = cloud;
  const nextMs = timeline.nextAtMs();
  return {
    virtualTime: isoOf(timeline.nowMs()),
    speed: pace.speed,
    advancingUntil: pace.advancingUntil === undefined ? null : isoOf(pace.advancingUntil),
    running: cloud.services.states.running().map(({ name, state, sinceMs }) => ({ name, state, since: isoOf(sinceMs) })),
    next: nextMs === undefined ? null : { at: isoOf(nextMs), what: timeline.nextLabel() },
    endpoint,
    outputs,
  };
}

/** What reached the mailboxes, telephones and web hooks of subscribers. */
function deliveriesOf({ services }: RunningCloud['cloud']): unknown {
  return services.sns
    .deliveries()
    .flatMap(({ topicArn, subscriptionArn, protocol, endpoint, deliveries }) =>
      deliveries.map(({ atMs, kind, subject, message }) => ({ at: isoOf(atMs), topic: topicArn, subscription: subscriptionArn, protocol, endpoint, kind, subject, message })),
    );
}

function bodyOf({ body }: WireRequest): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    throw new ControlError(400, 'The body is not JSON.');
  }
}

function statusOfError(error: unknown): number {
  if (error instanceof ControlError) return error.status;
  if (error instanceof AdvanceRefused) return 400;
  if (error instanceof PaceStopped) return 503;
  return error instanceof AwsError ? error.httpStatus : 500;
}

function answer(statusCode: number, value: unknown): WireResponse {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
