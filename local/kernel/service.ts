/** Who calls: the principal that IAM would vouch for. */
export interface Caller {
  readonly accountId: string;
  /** `arn:aws:iam::…:user/…`, `arn:aws:sts::…:assumed-role/Role/session` or `<service>.amazonaws.com`. */
  readonly arn: string;
  readonly userId: string;
  /** The trace header of the Lambda invocation that made the call, if one did. */
  readonly traceId?: string;
}

/**
 * One emulated AWS service. Input and output are the JSON of the wire: blobs as base64 text,
 * time stamps as epoch seconds. The HTTP server and the SDK's in-process transport both call this.
 */
export interface Service {
  /** @throws {AwsError} as the service would answer; unknown operations by name. */
  call(operation: string, input: unknown, caller: Caller): unknown;
}
