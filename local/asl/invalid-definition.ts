import { AwsError } from '../kernel/aws-error';

/**
 * What AWS's validation calls the kinds of mistakes. Codes and messages are AWS's as others measured them with
 * `ValidateStateMachineDefinition` (github.com/badmintoncryer/cdk-preflight; github.com/floci-io/floci issues 2670, 2735, 2745, 2968);
 * unverified are those of a variable's name and scope, of heartbeats, of state types and the beginning of INVALID_STATE_NAME.
 */
export type DiagnosticCode =
  | 'SCHEMA_VALIDATION_FAILED'
  | 'INVALID_JSONATA_EXPRESSION'
  | 'UNSUPPORTED_JSONATA_EXPRESSION'
  | 'MISSING_TRANSITION_TARGET'
  | 'MISSING_END_STATE'
  | 'DUPLICATE_STATE_NAME'
  | 'INVALID_STATE_NAME';

/** One mistake in a definition. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly message: string;
  /** A path such as `/States/A/Catch[0]`; `null` for the whole workflow. */
  readonly location: string | null;
}

/** What a validation found so far, in the order in which AWS's answer lists it. */
export class Diagnostics {
  private readonly list: Diagnostic[] = [];

  add(code: DiagnosticCode, message: string, location: string | null): void {
    this.list.push({ code, message, location });
  }

  /** @throws {AwsError} InvalidDefinition, listing all mistakes in AWS's wording */
  throwIfAny(): void {
    if (this.list.length === 0) return;
    const text = this.list.map(({ code, message, location }) => `${code}: ${message} at ${location ?? 'null'}`).join(', ');
    throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${text}'`);
  }
}
