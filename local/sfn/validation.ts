import type { Json } from '../../lambdas/domain/trace';
import { InvalidDefinition, type Diagnostic } from '../asl/invalid-definition';

const DEFAULT_DIAGNOSTICS = 100;

/**
 * Whether a definition could be created, as ValidateStateMachineDefinition answers it.
 * @param parse refuses what cannot be created
 * @throws {AwsError} NotModelledLocally, since nothing is known about what is not interpreted
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
 */
export function validate(parse: () => void, maxResults = DEFAULT_DIAGNOSTICS): Json {
  const diagnostics = mistakesOf(parse);
  const shown = diagnostics.slice(0, maxResults === 0 ? DEFAULT_DIAGNOSTICS : maxResults);
  return {
    result: diagnostics.length === 0 ? 'OK' : 'FAIL',
    diagnostics: shown.map(({ code, message, location }) => ({ severity: 'ERROR', code, message, ...(typeof location === 'string' ? { location } : {}) })),
    truncated: diagnostics.length > shown.length,
  };
}

function mistakesOf(parse: () => void): readonly Diagnostic[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof InvalidDefinition) return error.diagnostics;
    throw error;
  }
}
