import { AwsError } from '../kernel/aws-error';

/** A definition that AWS would refuse too, in AWS's wording. */
export function invalidDefinition(what: string, location: string): AwsError {
  return new AwsError('InvalidDefinition', `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${what} at ${location}'`);
}
