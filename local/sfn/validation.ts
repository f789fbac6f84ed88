import type { Json } from '../../lambdas/domain/trace';
import { AwsError } from '../kernel/aws-error';

const DEFAULT_DIAGNOSTICS = 100;

/** The mistakes that an InvalidDefinition lists: `CODE: message at /location, CODE: …`. */
const LISTED = /([A-Z][A-Z_]+): (.*?)(?: at (null|\/.*?))?(?=, [A-Z][A-Z_]+: |$)/gs;

/**
 * Whether a definition could be created, as ValidateStateMachineDefinition answers it.
 * @param parse refuses what cannot be created
 * @throws {AwsError} NotModelledLocally, since nothing is known about what is not interpreted
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
 */
export function validate(parse: () => void, maxResults = DEFAULT_DIAGNOSTICS): Json {
  const diagnostics = mistakesOf(parse);
  const limit = maxResults === 0 ? DEFAULT_DIAGNOSTICS : maxResults;
  return { result: diagnostics.length === 0 ? 'OK' : 'FAIL', diagnostics: diagnostics.slice(0, limit), truncated: diagnostics.length > limit };
}

function mistakesOf(parse: () => void): readonly Json[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidDefinition') throw error;
    const listed = /^Invalid State Machine Definition: '(.*)'$/s.exec(error.message)?.[1] ?? error.message;
    return [...listed.matchAll(LISTED)].map(([, code = '', message = '', location]) => ({
      severity: 'ERROR',
      code,
      message,
      ...(location === undefined || location === 'null' ? {} : { location }),
    }));
  }
}
