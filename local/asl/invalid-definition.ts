import { AwsError } from '../kernel/aws-error';

/**
 * What AWS's validation calls the kinds of mistakes. Codes and messages are AWS's as others measured them with
 * `ValidateStateMachineDefinition` (github.com/badmintoncryer/cdk-preflight; github.com/floci-io/floci issues 2670, 2735, 2745, 2968);
 * unverified are those of a variable's name and scope, of heartbeats, of state types and the beginning of INVALID_STATE_NAME.
 */
export type DiagnosticCode =
  | 'INVALID_JSON_DESCRIPTION'
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
  /** A path such as `/States/A/Catch[0]`; `null` for the whole workflow, none for what is no JSON. */
  readonly location?: string | null;
}

/** A definition that AWS would refuse too, in its wording. */
export class InvalidDefinition extends AwsError {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    const listed = diagnostics.map(({ code, message, location }) => `${code}: ${message}${location === undefined ? '' : ` at ${location ?? 'null'}`}`);
    super('InvalidDefinition', `Invalid State Machine Definition: '${listed.join(', ')}'`);
  }
}

/** What a validation found so far, in the order in which AWS's answer lists it. */
export class Diagnostics {
  private readonly list: Diagnostic[] = [];

  add(code: DiagnosticCode, message: string, location: string | null): void {
    this.list.push({ code, message, location });
  }

  /** @throws {InvalidDefinition} listing all mistakes */
  throwIfAny(): void {
    if (this.list.length > 0) throw new InvalidDefinition(this.list);
  }
}
