import type { EventBridgeService } from '../eventbridge/eventbridge-service';
import type { Timeline } from '../kernel/clock';
import type { Trace } from '../kernel/trace';
import type { KmsService } from '../kms/kms-service';
import { FUNCTION_URL_PREFIX, functionUrls } from '../lambda/function-url';
import type { InvocationResult } from '../lambda/function';
import type { SigningIdentity } from '../wire/authentication';
import { type Dispatch, LostAnswer } from '../wire/message';
import { type Route, startServer, type WireServer } from '../wire/server';
import { readAssembly } from './assembly';
import { type CloudState, loadState, stateOf } from './cloud-state';
import { CustomResources, RESPONSE_PREFIX } from './custom-resources';
import { type Deployed, deployTemplate } from './deployment';
import { type CloudOptions, type CloudServices, createServices } from './services';

/** `admin`: everything. */
export type Permissions = 'admin' | { readonly actions: readonly string[]; readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> };

export interface StartOptions extends CloudOptions {
  /** @default 0: any free port */
  readonly port?: number;
  /** What an earlier run left; its account, Region, seed and time hold. @default an empty account */
  readonly state?: CloudState;
  /** What else is served, besides AWS; the virtual clock does not wait for it. */
  readonly routes?: readonly Route[];
  /** Told when the emulation failed inside while it answered a request, which is a bug of it; the client gets a 501. @default nobody is */
  readonly onFailure?: (error: unknown) => void;
}

/** An account with one stack in it, on virtual time, reachable in-process and over loopback HTTP. */
export class LocalCloud {
  private deployed: Deployed = new Map();
  private currentOutputs: Readonly<Record<string, string>> = {};

  private constructor(
    readonly services: CloudServices,
    private readonly server: WireServer,
    private readonly customResources: CustomResources,
  ) {}

  /**
   * Starts an account. The virtual clock stands still while a request is under way.
   * @throws {Error} with the code `EADDRINUSE` when the port is taken; one that says what is wrong with the state.
   */
  static async start({ port, state, routes = [], onFailure, ...options }: StartOptions = {}): Promise<LocalCloud> {
    // The services are made before the server that they are told the address of.
    let server = undefined as WireServer | undefined;
    const endpoint = (): string => {
      if (server === undefined) throw new Error('The local cloud has not started its server yet');
      return server.endpoint;
    };
    const services = createServices(state === undefined ? options : { ...options, ...continued(state) }, endpoint);
    const holdingTime = (handle: Dispatch): Dispatch => async (request) => {
      try {
        return await services.timeline.track(handle(request));
      } catch (error) {
        if (!(error instanceof LostAnswer)) onFailure?.(error);
        throw error;
      }
    };
    const customResources = new CustomResources(services.lambda, services.nextId, endpoint);
    const urls = functionUrls({
      ...services,
      clock: services.timeline,
      credentials: services.identities,
      hasUrl: (functionName) => services.functionsWithUrl.has(functionName),
    });
    server = await startServer({
      dispatch: holdingTime(services.dispatch),
      clock: services.timeline,
      routes: [
        ...routes,
        { prefix: FUNCTION_URL_PREFIX, handle: holdingTime(urls) },
        { prefix: RESPONSE_PREFIX, handle: holdingTime(customResources.receive) },
      ],
      ...(port !== undefined && { port }),
    });
    const cloud = new LocalCloud(services, server, customResources);
    try {
      if (state !== undefined) cloud.deployed = loadState(state, services, endpoint());
    } catch (error) {
      await cloud.close();
      throw error;
    }
    return cloud;
  }

  /** Everything that the next run needs. To be asked when nothing runs and nothing is due. */
  save(): CloudState {
    return stateOf(this.services, this.deployed, this.endpoint);
  }

  get timeline(): Timeline {
    return this.services.timeline;
  }

  get trace(): Trace {
    return this.services.trace;
  }

  /** `AWS_ENDPOINT_URL` for every AWS client. */
  get endpoint(): string {
    return this.server.endpoint;
  }

  /** Answers SDK clients in-process: see `inProcessHandler`. */
  get dispatch(): Dispatch {
    return this.services.dispatch;
  }

  get kms(): KmsService {
    return this.services.kms;
  }

  get events(): EventBridgeService {
    return this.services.events;
  }

  get accountId(): string {
    return this.services.accountId;
  }

  get region(): string {
    return this.services.region;
  }

  /** Outputs of the stack, by name. */
  get outputs(): Readonly<Record<string, string>> {
    return this.currentOutputs;
  }

  /**
   * Deploys a cloud assembly, or what changed of it since the last time.
   * @throws {Error} with one message that names the resource.
   */
  async redeploy(assemblyDirectory: string): Promise<void> {
    const assembly = readAssembly(assemblyDirectory);
    const { services, customResources, endpoint } = this;
    const { stackName } = assembly;
    const stackId = `arn:aws:cloudformation:${services.region}:${services.accountId}:stack/${stackName}/local`;
    const site = { services, assembly, customResources, stackName, stackId, endpoint };
    const { deployed, outputs } = await deployTemplate(assembly, site, this.deployed);
    services.cloudformation.putStack({
      stackId,
      stackName,
      status: this.deployed.size === 0 ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE',
      createdAtMs: services.timeline.nowMs(),
      outputs,
      resources: [...deployed].map(([logicalId, { declared, made }]) => ({ logicalId, physicalId: made.ref, type: declared.type })),
      template: assembly.template,
    });
    this.deployed = deployed;
    this.currentOutputs = outputs;
  }

  /**
   * Credentials of a role or user, which is made if it does not exist.
   * @param permissions what it may do on all resources, besides what it may already. @default nothing
   * @param sessionName of a role's session. @default local
   */
  credentialsFor(roleOrUserArn: string, permissions?: Permissions, sessionName?: string): SigningIdentity {
    const { identities } = this.services;
    identities.put(roleOrUserArn);
    if (permissions !== undefined) {
      const { actions: Action, condition: Condition } = permissions === 'admin' ? { actions: '*' } : permissions;
      identities.putPolicy(roleOrUserArn, 'local-permissions', { Statement: { Effect: 'Allow', Action, Resource: '*', ...(Condition !== undefined && { Condition }) } });
    }
    // A copy: the SDK writes into what it is given.
    return { ...identities.credentialsFor(roleOrUserArn, sessionName) };
  }

  /** Every schedule once more, at the same times: a second pool that believes it is the only one. */
  addSecondPool(): void {
    const { scheduler } = this.services;
    for (const schedule of scheduler.list()) scheduler.put({ ...schedule, arn: `${schedule.arn}-second-pool` });
  }

  /**
   * Gives the schedules of a construct another expression.
   * @param construct the construct's id, with which the schedule's name begins after the stack's
   * @throws {Error} when there is no such schedule
   */
  reschedule(construct: string, expression: string): void {
    const { scheduler } = this.services;
    const found = scheduler.list().filter(({ arn }) => arn.includes(`-${construct}`));
    if (found.length === 0) throw new Error(`no schedule of ${construct}`);
    for (const schedule of found) scheduler.put({ ...schedule, expression });
  }

  /** From now on no schedule fires. */
  stopSchedules(): void {
    const { scheduler } = this.services;
    for (const { arn } of scheduler.list()) scheduler.delete(arn);
  }

  /** Plays everything that is due up to a virtual time, in ms since the epoch. */
  advanceTo(untilMs: number): Promise<void> {
    return this.services.timeline.runUntil(untilMs);
  }

  /** What a function has written, oldest first. @param functionName physical name, or logical id of the template */
  functionLogs(functionName: string): readonly string[] {
    return this.services.lambda.logOf(this.physicalId(functionName));
  }

  /** Invokes a function as an administrator would. @param functionName physical name, ARN, or logical id of the template */
  invokeFunction(functionName: string, payload: unknown): Promise<InvocationResult> {
    return this.services.lambda.invoke(this.physicalId(functionName), JSON.stringify(payload), { actor: `arn:aws:iam::${this.services.accountId}:root` });
  }

  /** What `Ref` yields for a logical id of the template; other names are physical already. */
  physicalId(name: string): string {
    return this.deployed.get(name)?.made.ref ?? name;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/**
 * Starts a local cloud with the stack of a cloud assembly in it.
 * @throws {Error} with one message that names the resource that could not be made.
 */
export async function deploy(assemblyDirectory: string, options: CloudOptions = {}): Promise<LocalCloud> {
  const cloud = await LocalCloud.start(options);
  try {
    await cloud.redeploy(assemblyDirectory);
    return cloud;
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

/** Time, ids, randomness and credentials go on where they were. */
function continued({ accountId, region, seed, credentialSeed, taken, nowMs: startMs }: CloudState): CloudOptions {
  return { accountId, region, seed, credentialSeed, taken, startMs };
}
