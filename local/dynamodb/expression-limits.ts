import type { ExpressionMembers } from './expressions';
import { textSize } from './item-size';
import { validationError } from './validation';

/** Bytes of one expression, as it was sent. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters */
const MAX_EXPRESSION_BYTES = 4096;

const MEMBERS = ['UpdateExpression', 'ConditionExpression', 'KeyConditionExpression', 'FilterExpression', 'ProjectionExpression'] as const;

/** @throws {ValidationException} for an expression that is too long */
export function refuseLongExpressions(request: ExpressionMembers): void {
  for (const member of MEMBERS) {
    const bytes = textSize(request[member] ?? '');
    if (bytes <= MAX_EXPRESSION_BYTES) continue;
    throw validationError(`Invalid ${member}: Expression size has exceeded the maximum allowed size; expression size: ${bytes}`);
  }
}
