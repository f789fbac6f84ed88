import { AwsError } from '../kernel/aws-error';

/** A function as callers name it. */
export interface FunctionRef {
  readonly name: string;
  readonly qualifier?: string;
}

const FUNCTION_NAME = /^(?:arn:aws:lambda:[a-z0-9-]+:\d{12}:function:)?([A-Za-z0-9_-]{1,64})(?::(\$LATEST|[A-Za-z0-9_-]+))?$/;

/** `f`, `f:3`, an ARN, a qualified ARN. @throws {AwsError} `ValidationException`. */
export function functionRef(text: string): FunctionRef {
  const [, name, qualifier] = FUNCTION_NAME.exec(text) ?? [];
  if (name === undefined) throw new AwsError('ValidationException', `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint`);
  return qualifier === undefined ? { name } : { name, qualifier };
}

export function functionArn(home: { readonly region: string; readonly accountId: string }, name: string, qualifier?: string): string {
  const unqualified = `arn:aws:lambda:${home.region}:${home.accountId}:function:${name}`;
  return qualifier === undefined ? unqualified : `${unqualified}:${qualifier}`;
}
