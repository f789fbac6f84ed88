import { TASK_ERRORS, type ErrorClass, type TaskErrorName } from '../contract/errors';

/**
 * The only error that a task throws on purpose. Its `name` is what the definition's `ErrorEquals` matches, so it is
 * set from the contract and never from the class, which a minifier may rename.
 */
export class TaskError extends Error {
  override readonly name: TaskErrorName;

  constructor(name: TaskErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }

  get errorClass(): ErrorClass {
    return TASK_ERRORS[this.name];
  }
}
