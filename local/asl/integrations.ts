import type { Json } from '../../lambdas/domain/trace';

/** Who invokes: what a task resource may know of the execution behind the call. */
export interface TaskOrigin {
  readonly executionName: string;
  readonly executionArn: string;
  /** Of the execution: that of its state machine when it started. */
  readonly roleArn: string;
}

/** A task failed with an error name and cause that the definition may retry or catch. */
export class TaskFailure extends Error {
  override readonly cause: string;

  constructor(readonly error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.name = 'TaskFailure';
    this.cause = cause;
  }
}

/** What stands behind the `Resource` of a Task state. */
export interface TaskIntegration {
  /** How the history tells it: as a service integration, or as a function named directly by its ARN. */
  readonly events: { readonly kind: 'service'; readonly resourceType: string; readonly resource: string } | { readonly kind: 'function' };
  /** `.waitForTaskToken`: after the call, the state waits until someone answers its task token. */
  readonly waitsForToken: boolean;
  /**
   * What AWS refuses in the task's arguments when the definition is created.
   * @throws {AwsError} NotModelledLocally
   */
  problemsOf?(parameters: Json): readonly string[];
  /**
   * Makes the call. It must hold the virtual time itself while it works (`Timeline.track`), since a call may take
   * virtual time. A call that the execution no longer waits for goes on; its result is dropped.
   * @throws {TaskFailure}
   */
  invoke(parameters: Json, origin: TaskOrigin): Promise<Json>;
}

/** Finds what stands behind a resource ARN; `undefined` when nothing does. */
export type TaskIntegrations = (resourceArn: string) => TaskIntegration | undefined;
