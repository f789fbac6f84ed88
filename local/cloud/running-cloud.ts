import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import type { OnInternalError } from '../kernel/clock';
import type { SigningIdentity } from '../wire/authentication';
import type { Interceptor } from '../wire/message';
import { addKeyStores, registeredPolicies } from './configured-keys';
import { CONTROL_PREFIX, controlRoute } from './control';
import { StateNotLoaded } from './cloud-state';
import { LocalCloud } from './local-cloud';
import { Pace, type Speed } from './pace';
import { readStateFile, requireWritable, StateFileError, writeStateFile } from './state-file';
import { StateLock } from './state-lock';
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
  /** Told what failed inside while time passed; the rest goes on. @default it ends the driving, with an {@link EmulationFailure} */
  readonly onInternalError?: OnInternalError;
  /** Stands between the wire and the services. @default nothing does */
  readonly intercept?: Interceptor;
  /** @default the real one */
  readonly wall?: Wall;
}

/** The emulation failed inside: a bug of it, never something that its user did. */
export class EmulationFailure extends Error {
  override readonly name = 'EmulationFailure';

  /** @param savedTo the file beside the state file that holds what was left, if it could be written */
  constructor(override readonly cause: unknown, readonly savedTo?: string) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Where the state is kept, and the claim to it. */
interface StateFile {
  readonly file: string;
  readonly lock: StateLock;
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
    private readonly stateFile: StateFile | undefined,
  ) {}

  /**
   * Loads what there is, deploys a cloud assembly or what changed of it, and lets time pass.
   * @throws {StateFileError} when the state cannot be read, or could not be written later.
   * @throws {Error} with the code `EADDRINUSE` when the port is taken; one that names the resource that could not be made.
   */
  static async start(assemblyDirectory: string, { stateFile: file, ...options }: RunningCloudOptions): Promise<RunningCloud> {
    if (file === undefined) return RunningCloud.startWith(undefined, assemblyDirectory, options);
    requireWritable(file);
    const lock = StateLock.take(file);
    try {
      return await RunningCloud.startWith({ file, lock }, assemblyDirectory, options);
    } catch (error) {
      lock.release();
      if (!(error instanceof StateNotLoaded)) throw error;
      throw new StateFileError(`${file} cannot be loaded: ${error.message}. Go on with the keyturn and the app that saved it, or name another file to begin anew; this one was left as it is.`);
    }
  }

  private static async startWith(
    stateFile: StateFile | undefined,
    assemblyDirectory: string,
    { port, speed, startMs = DEFAULT_START_MS, kms, onFailure, onInternalError, intercept, wall = REAL_WALL }: Omit<RunningCloudOptions, 'stateFile'>,
  ): Promise<RunningCloud> {
    const state = stateFile === undefined ? undefined : readStateFile(stateFile.file);
    let running = undefined as RunningCloud | undefined;
    const cloud = await LocalCloud.start({
      startMs,
      routes: [{ prefix: CONTROL_PREFIX, handle: controlRoute(() => running) }],
      ...(port !== undefined && { port }),
      ...(state !== undefined && { state }),
      ...(onFailure !== undefined && { onFailure }),
      ...(onInternalError !== undefined && { onInternalError }),
      ...(intercept !== undefined && { intercept }),
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
   * @throws {EmulationFailure} Then the state file stays as it was, and what is left is written to `<file>.failed` beside it if that can be saved.
   */
  async stop(): Promise<void> {
    try {
      this.pace.stop();
      await this.driving.catch((error: unknown) => {
        throw error instanceof EmulationFailure ? new EmulationFailure(error.cause, this.writeRemains()) : error;
      });
      if (this.stateFile !== undefined) this.write();
    } finally {
      await this.cloud.close();
      this.stateFile?.lock.release();
    }
  }

  /** What an emulation that failed has left, beside the good state. @returns the file; none when there is nothing to save to, or nothing that can be saved */
  private writeRemains(): string | undefined {
    if (this.stateFile === undefined) return undefined;
    const file = `${this.stateFile.file}.failed`;
    try {
      this.stateFile.lock.requireHeld();
      writeStateFile(file, this.cloud.save());
      return file;
    } catch {
      return undefined;
    }
  }

  private write(): string {
    if (this.stateFile === undefined) throw new Error('There is no file to save to: start with --state <file>.');
    const { file, lock } = this.stateFile;
    lock.requireHeld();
    writeStateFile(file, this.cloud.save());
    return file;
  }
}
