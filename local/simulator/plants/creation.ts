import { TaskError } from '../../../lambdas/domain/task-error';
import type { KeyProvider } from '../../../lambdas/ports/key-provider';
import type { Plant } from './plant';
import { withPort } from './replace';

/** What the SDK's standard retry mode does. */
const SDK_ATTEMPTS = 3;

/** How KMS keys come into being: once for each version, and proved. */
export const CREATION: readonly Plant[] = [
  {
    name: 'sdk-retries-create-key',
    off: "CreateKey is called with the SDK's default retries",
    replacements: withPort('keys', (real) => ({ createKey: (request) => retried(() => real.createKey(request)) }), 'create-key-version'),
  },
  {
    name: 'no-adoption-on-retry',
    off: 'a key whose CreateKey had no answer is not looked for',
    replacements: withPort('keys', () => ({ findByTags: async () => [] }), 'create-key-version'),
  },
  {
    name: 'unproved-version-promoted',
    off: 'a new key is not used before the alias gets it',
    replacements: withPort('keys', () => ({ prove: async (keyId) => keyId }), 'prove-key-version'),
  },
];

async function retried(create: () => ReturnType<KeyProvider['createKey']>): ReturnType<KeyProvider['createKey']> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await create();
    } catch (error) {
      const isWorthIt = error instanceof TaskError && ['CreateOutcomeUnknown', 'Throttled'].includes(error.name);
      if (!isWorthIt || attempt === SDK_ATTEMPTS) throw error;
    }
  }
}
