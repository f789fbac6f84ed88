import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import type { LambdaInvoker, LambdaResult } from '../../../local/asl/lambda-integration';
import { StepFunctionsKit } from './kit';

/** Histories recorded from AWS, beside the repository. */
const RECORDED = join(__dirname, '../../../../shared/recorded/step-functions.json');

interface RecordedCase {
  readonly test: string;
  readonly definition: Json;
  readonly input: Json;
  readonly functions: Readonly<Record<string, string>>;
  readonly history: readonly Json[];
}

const cases = existsSync(RECORDED) ? (JSON.parse(readFileSync(RECORDED, 'utf8')) as RecordedCase[]) : [];

/** Refused by name, so there is nothing to compare: a distributed Map. */
const NOT_MODELLED = ['test_map_state_legacy_config_distributed'];

const modelled = cases.filter(({ test }) => !NOT_MODELLED.some((name) => test.endsWith(name)));

// eslint-disable-next-line no-restricted-properties -- the recordings lie beside the repository, and may not be there
(cases.length === 0 ? describe.skip : describe)('histories recorded from AWS', () => {
  test.each(modelled.map((recorded) => [recorded.test.split('::').at(-1), recorded] as const))('%s reads the same here', async (_, recorded) => {
    const kit = new StepFunctionsKit({ lambda: functionsOf(recorded) });
    const history = await kit.run(recorded.definition, recorded.input);
    expect(history.map(comparable)).toEqual(recorded.history.map(comparable));
  });

  test.each(cases.filter((recorded) => !modelled.includes(recorded)).map((recorded) => [recorded.test.split('::').at(-1), recorded] as const))(
    'refuses %s by name',
    (_, recorded) => {
      const kit = new StepFunctionsKit({ lambda: functionsOf(recorded) });
      expect(() => kit.create(recorded.definition)).toThrow(/does not model/);
    },
  );
});

const BEHAVIOURS: Readonly<Record<string, (event: Json) => LambdaResult>> = {
  'id_function.py': (event) => ({ ok: true, payload: event }),
  'return_bytes_str.py': () => ({ ok: true, payload: 'HelloWorld!' }),
  'raise_exception.py': () => raised('Exception', 'Some exception was raised.'),
  'raise_custom_exception.py': () => raised('CustomException', ''),
};

function raised(errorType: string, errorMessage: string): LambdaResult {
  return { ok: false, error: errorType, cause: JSON.stringify({ errorMessage, errorType }) };
}

function functionsOf({ functions }: RecordedCase): LambdaInvoker {
  return {
    invoke: async (functionArn, payload) => {
      const behaviour = BEHAVIOURS[functions[functionArn.split(':').at(-1) ?? ''] ?? ''];
      if (behaviour === undefined) throw new Error(`The recording says nothing about ${functionArn}`);
      return behaviour(payload);
    },
  };
}

/** Without times, stack traces, the spelling of JSON text, and what the recording replaced by placeholders. */
const IGNORED = ['timestamp', 'TimestampValue', 'roleArn', 'resource', 'requestId', 'stackTrace', 'FunctionName'];

function comparable(value: Json): Json {
  if (typeof value === 'string') return comparableText(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !IGNORED.includes(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, comparable(member)]));
}

function comparableText(text: string): Json {
  try {
    const parsed = JSON.parse(text) as Json;
    return typeof parsed === 'string' ? parsed : comparable(parsed);
  } catch {
    return text;
  }
}
