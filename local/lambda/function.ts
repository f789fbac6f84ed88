import type { BundleCode } from './sandbox';

/** The code of a function: one bundled CommonJS file. */
export interface Bundle {
  readonly source: string;
  /** Where it was read from, for stack traces. */
  readonly filename: string;
}

/** What the template says of one function. */
export interface FunctionConfig {
  readonly name: string;
  readonly roleArn: string;
  /** `index.handler`: the file's name is not looked at, a bundle has one. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly bundle: Bundle;
  /** @default it is not told */
  readonly runtime?: string;
  readonly description?: string;
  readonly architectures?: readonly string[];
  /** Queue for events of asynchronous invocations that failed at every try. @default they are dropped */
  readonly deadLetterArn?: string;
  /** Where its log goes. @default /aws/lambda/<name> */
  readonly logGroup?: string;
}

/** One version of a function; a published one never changes. */
export interface FunctionVersion {
  readonly config: FunctionConfig;
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly code: BundleCode;
  /** When it was made or last changed, in virtual ms since the epoch. */
  readonly modifiedAtMs: number;
}

/** Something that a function has written. */
export interface LogLine {
  readonly atMs: number;
  /** Version that wrote it. */
  readonly version: string;
  readonly text: string;
}

export function logGroupOf({ name, logGroup }: FunctionConfig): string {
  return logGroup ?? `/aws/lambda/${name}`;
}

export function logStreamOf(version: string): string {
  return `local/[${version}]`;
}

/** What an invocation ended with: the answer's JSON text, or the error's. */
export interface InvocationResult {
  readonly payload: string;
  /** The error's type, if the function failed. */
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly version: string;
  readonly log: readonly string[];
}

/** The JSON that Lambda answers for a function that failed. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** Invocation payload and response, in bytes. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_PAYLOAD_BYTES = 6_291_456;

/** Payload of an asynchronous invocation, in bytes. */
export const MAX_ASYNC_PAYLOAD_BYTES = 1_048_576;

/** Waits between the attempts of an asynchronous invocation, in seconds. */
export const ASYNC_RETRY_DELAYS_SECONDS = [60, 120] as const;
