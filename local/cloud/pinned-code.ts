import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { functionArn } from '../lambda/function-arn';
import { savedFunctions } from '../lambda/saved-functions';
import type { CloudServices } from './services';

interface MissingCode {
  readonly functionName: string;
  readonly version: string;
  readonly filename: string;
}

/**
 * Refuses to go on with executions whose functions' code is gone: they would fail, and a rotation that fails cannot be taken back.
 * Versions that nothing waits for may lack their code; they fail when they are invoked.
 *
 * @param savedLambda what Lambda has saved
 * @throws {Error} naming the function, the file and the execution.
 */
export function requireCodeOfRunning(savedLambda: unknown, services: CloudServices): void {
  const missing = missingCode(savedLambda);
  if (missing.length === 0) return;
  for (const { executionArn, definition } of services.states.definitionsOfRunning()) {
    const lost = missing.find(({ functionName, version }) => definition.includes(functionArn(services, functionName, version)));
    if (lost !== undefined) {
      throw new Error(`the code of ${lost.functionName}, version ${lost.version}, is not in ${lost.filename} any more, and ${executionArn.split(':').at(-1) ?? ''} runs with it. Bring that cloud assembly back, or begin anew with another state file.`);
    }
  }
}

function missingCode(savedLambda: unknown): readonly MissingCode[] {
  return savedFunctions.parse(savedLambda).functions.flatMap(({ name, versions }) =>
    versions.filter(({ code }) => digestOf(code.filename) !== code.sha256).map(({ version, code: { filename } }) => ({ functionName: name, version, filename })),
  );
}

function digestOf(filename: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(filename)).digest('hex');
  } catch {
    return undefined;
  }
}
