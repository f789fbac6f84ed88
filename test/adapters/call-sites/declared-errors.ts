import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallSite } from './sites';

/** An error as a service sends it. */
export interface WireError {
  /** The name of the exception that the client declares, or the code that it does not know. */
  readonly name: string;
  /** What stands in the answer: AWS's query protocol has codes of its own. */
  readonly code: string;
  readonly httpStatus: number;
}

/** The traits of an exception's schema in the client. */
interface Traits {
  readonly httpError?: number;
  readonly error: 'client' | 'server';
  readonly awsQueryError?: readonly [code: string, httpStatus: number];
}

/** Clients that speak the query protocol. */
const QUERY_CLIENTS: readonly string[] = ['@aws-sdk/client-sns'];

/** The exceptions that the installed client declares for an operation, by its own documentation and schemas. */
export function declaredErrors({ client, operation }: Pick<CallSite, 'client' | 'operation'>): readonly WireError[] {
  const declaration = join(packageFolder(client), `dist-types/commands/${operation}Command.d.ts`);
  const names = [...readFileSync(declaration, 'utf8').matchAll(/@throws \{@link (\w+)\} \((?:client|server) fault\)/g)].map(([, name]) => name ?? '');
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the client is one of several, by its name
  const schemas = require(client) as Readonly<Record<string, readonly unknown[] | undefined>>;
  return names.map((name) => {
    const traits = schemas[`${name}$`]?.[3] as Traits | undefined;
    if (traits === undefined) throw new Error(`${client} has no schema of ${name}`);
    const status = traits.httpError ?? (traits.error === 'server' ? 500 : 400);
    return { name, code: QUERY_CLIENTS.includes(client) ? (traits.awsQueryError?.[0] ?? name) : name, httpStatus: status };
  });
}

function packageFolder(name: string): string {
  let folder = dirname(require.resolve(name));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
