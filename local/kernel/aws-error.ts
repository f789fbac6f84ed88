/** An error as an AWS service answers it: the name clients match on, the message, the HTTP status. */
export class AwsError extends Error {
  readonly code: string;
  readonly httpStatus: number;
  /** Further members of the error's body, e.g. `CancellationReasons` or `Item`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, httpStatus = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.httpStatus = httpStatus;
    this.members = members;
  }
}

const NOT_MODELLED = 'NotModelledLocally';

/** Refuses something that the local AWS does not model, by name. It never pretends. */
export function notModelled(what: string): AwsError {
  return new AwsError(NOT_MODELLED, `The local AWS does not model ${what}. See local/SUPPORTED.md.`, 501);
}

/** Whether AWS would answer so: not what the local AWS refuses for its own reasons. */
export function isAnswerOfAws(error: unknown): error is AwsError {
  return error instanceof AwsError && error.code !== NOT_MODELLED;
}
