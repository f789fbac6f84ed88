import type { z, ZodError, ZodType } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { textOf } from './protocol';

type Handle = (input: unknown, caller: Caller) => unknown;

/**
 * The operations of a service, each with the shape of its request. A member or value that a shape does not know is refused
 * by name, never ignored.
 */
export class Operations {
  private readonly handlers = new Map<string, Handle>();

  /**
   * @param service as people name it: `SNS`
   * @param invalidCode name of the service's error for a request that breaks its shape
   */
  constructor(
    private readonly service: string,
    private readonly invalidCode: string,
  ) {}

  /** Adds an operation. */
  on<Shape extends ZodType>(operation: string, shape: Shape, handle: (request: z.output<Shape>, caller: Caller) => unknown): this {
    this.handlers.set(operation, (input, caller) => {
      const result = shape.safeParse(input ?? {}, { reportInput: true });
      if (!result.success) throw this.invalid(operation, result.error);
      return handle(result.data, caller);
    });
    return this;
  }

  /** @throws {AwsError} `NotModelledLocally` for another operation or member; the service's error for an invalid one. */
  call(operation: string, input: unknown, caller: Caller): unknown {
    const handle = this.handlers.get(operation);
    if (handle === undefined) throw notModelled(`${this.service} ${operation}`);
    return handle(input, caller);
  }

  private invalid(operation: string, { issues: [issue] }: ZodError): AwsError {
    if (issue === undefined) return new AwsError(this.invalidCode, 'The request is not valid');
    if (issue.code === 'unrecognized_keys') return notModelled(`the parameter ${[...issue.path, issue.keys[0]].join('.')} of ${this.service} ${operation}`);
    const value = issue.input === undefined ? 'null' : `'${textOf(issue.input)}'`;
    return new AwsError(this.invalidCode, `1 validation error detected: Value ${value} at '${issue.path.join('.')}' failed to satisfy constraint: ${constraintOf(issue)}`);
  }
}

function constraintOf(issue: ZodError['issues'][number]): string {
  if (issue.input === undefined) return 'Member must not be null';
  if (issue.code === 'too_big') return `Member must have ${measureOf(issue.origin)} less than or equal to ${String(issue.maximum)}`;
  if (issue.code === 'too_small') return `Member must have ${measureOf(issue.origin)} greater than or equal to ${String(issue.minimum)}`;
  if (issue.code === 'invalid_value') return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
  if (issue.code === 'invalid_format' && issue.pattern !== undefined) return `Member must satisfy regular expression pattern: ${issue.pattern}`;
  return issue.message;
}

function measureOf(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'length' : 'value';
}
