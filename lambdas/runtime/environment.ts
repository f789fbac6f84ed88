import { ENV, type EnvName } from '../contract/names';

/** Reads the variables that the contract gives a function, all at once. */
export function readEnvironment<Name extends keyof typeof ENV>(env: NodeJS.ProcessEnv, names: readonly Name[]): Record<Name, string> {
  const missing: EnvName[] = names.map((name) => ENV[name]).filter((variable) => !env[variable]);
  if (missing.length > 0) throw new Error(`environment variables missing: ${missing.join(', ')}`);
  return Object.fromEntries(names.map((name) => [name, env[ENV[name]]])) as Record<Name, string>;
}
