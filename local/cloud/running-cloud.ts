import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import type { SigningIdentity } from '../wire/authentication';
import { addKeyStores, registeredPolicies } from './configured-keys';
import { CONTROL_PREFIX, controlRoute } from './control';
import { LocalCloud } from './local-cloud';
import { Pace, type Speed } from './pace';
import { readStateFile, requireWritable, writeStateFile } from './state-file';
import { REAL_WALL, type Wall } from './wall';

/** KMS records the use of keys since 2026-04-23: a life that begins later has evidence from its first day. */
export const DEFAULT_START_MS = Date.UTC(2027, 0, 1);

export interface RunningCloudOptions {
  /** @default 0: any free port */
  readonly port?: number;
  readonly speed: Speed;
  /** Loaded if it exists, written when asked to. @default nothing is kept */
  readonly stateFile?: string;
  /** Virtual time of an empty account, ms since the epoch. @default 2027-01-01T00:00:00Z */
  readonly startMs?: number;
  /** Switches of the local KMS, as its `configure` takes them. @default it behaves as it did, at first as AWS does at its best */
  readonly kms?: object;
  /** Told what went wrong inside while a request was answered. @default nobody is */
  readonly onFailure?: (error: unknown) => void;
  /** @default the real one */
  readonly wall?: Wall;
}

/** The emulation failed inside: a bug of it, never something that its user did. */
export class EmulationFailure extends Error {
  override readonly name = 'EmulationFailure';

  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** A local cloud that is served to clients, with its pace, its control endpoint and its state file. */
export class RunningCloud {
  private constructor(
    readonly cloud: LocalCloud,
    readonly pace: Pace,
    /** Policies of the keys that the stack has registered. */
    readonly policies: readonly KeyPolicy[],
    /** Ends when time is stopped. Fails with an {@link EmulationFailure}. */
    readonly driving: Promise<void>,
    private readonly stateFile: string | undefined,
  ) {}

  /**
   * Loads what there is, deploys a cloud assembly or what changed of it, and lets time pass.
   * @throws {StateFileError} when the state cannot be read, or could not be written later.
   * @throws {Error} with the code `EADDRINUSE` when the port is taken; one that names the resource that could not be made.
   */
  static async start(assemblyDirectory: string, { port, speed, stateFile, startMs = DEFAULT_START_MS, kms, onFailure, wall = REAL_WALL }: RunningCloudOptions): Promise<RunningCloud> {
    if (stateFile !== undefined) requireWritable(stateFile);
    const state = stateFile === undefined ? undefined : readStateFile(stateFile);
    let running = undefined as RunningCloud | undefined;
    const cloud = await LocalCloud.start({
      startMs,
      routes: [{ prefix: CONTROL_PREFIX, handle: controlRoute(() => running) }],
      ...(port !== undefined && { port }),
      ...(state !== undefined && { state }),
      ...(onFailure !== undefined && { onFailure }),
    });
    try {
      await cloud.redeploy(assemblyDirectory);
      const policies = await registeredPolicies(cloud);
      addKeyStores(cloud, policies);
      if (kms !== undefined) cloud.kms.configure(kms);
      const pace = new Pace(cloud.timeline, wall, speed);
      const driving = pace.drive().catch((error: unknown) => {
        throw new EmulationFailure(error);
      });
      // Whoever stops it is told; until then a failure is nobody's unhandled rejection.
      driving.catch(() => undefined);
      running = new RunningCloud(cloud, pace, policies, driving, stateFile);
      return running;
    } catch (error) {
      await cloud.close();
      throw error;
    }
  }

  /** Credentials of an administrator, made for people; its keys are valid only here. */
  administrator(): SigningIdentity {
    return this.cloud.credentialsFor(`arn:aws:iam::${this.cloud.accountId}:user/administrator`, 'admin');
  }

  /**
   * Writes the state file at the next moment when nothing runs.
   * @returns the file.
   * @throws {Error} when no file was named at the start.
   */
  save(): Promise<string> {
    return this.pace.whenQuiet(() => this.write());
  }

  /**
   * Stops time when what runs has settled, writes the state file if there is one, and closes.
   * @throws {EmulationFailure} Then nothing is written.
   */
  async stop(): Promise<void> {
    try {
      this.pace.stop();
      await this.driving;
      if (this.stateFile !== undefined) this.write();
    } finally {
      await this.cloud.close();
    }
  }

  private write(): string {
    if (this.stateFile === undefined) throw new Error('There is no file to save to: start with --state <file>.');
    writeStateFile(this.stateFile, this.cloud.save());
    return this.stateFile;
  }
}
