import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import * as ts from 'typescript';
import type { FunctionName } from '../../../lambdas/contract/functions';

const LAMBDAS = join(__dirname, '../../../lambdas');

/** One place in an adapter that makes one operation's calls. */
export interface CallSite {
  /** `<class>.<method> <operation>`, or `<function> <operation>` outside of a class. */
  readonly id: string;
  readonly operation: string;
  /** The client's package, e.g. `@aws-sdk/client-kms`. */
  readonly client: string;
}

/** Every call of an SDK client in a source file: each command that is made, each paginator that is run. */
function callSitesIn(file: string): CallSite[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const clients = importedCalls(source);
  const sites: CallSite[] = [];
  const visit = (node: ts.Node): void => {
    const called = (ts.isNewExpression(node) || ts.isCallExpression(node)) && ts.isIdentifier(node.expression) ? node.expression.text : '';
    const client = clients.get(called);
    if (client !== undefined) {
      const operation = operationOf(called);
      sites.push({ id: `${enclosing(node)} ${operation}`, operation, client });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sites;
}

const operationOf = (name: string): string => name.replace(/^paginate|Command$/g, '');

/** What a file imports of SDK clients that makes a call, with the client's package. */
function importedCalls(source: ts.SourceFile): ReadonlyMap<string, string> {
  const names = source.statements.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier, importClause }) => {
    const client = (moduleSpecifier as ts.StringLiteral).text;
    const bindings = importClause?.namedBindings;
    if (!client.startsWith('@aws-sdk/client-') || bindings === undefined || !ts.isNamedImports(bindings)) return [];
    return bindings.elements.map(({ name }) => [name.text, client] as const);
  });
  return new Map(names.filter(([name]) => /^paginate[A-Z]|[a-z]Command$/.test(name)));
}

function enclosing(node: ts.Node): string {
  if (ts.isMethodDeclaration(node)) return `${(node.parent as ts.ClassDeclaration).name?.text ?? ''}.${node.name.getText()}`;
  if (ts.isFunctionDeclaration(node) && node.name !== undefined) return node.name.text;
  if (ts.isSourceFile(node)) throw new Error(`${node.fileName}: a call outside of every named function`);
  return enclosing(node.parent);
}

const sourceFiles = readdirSync(LAMBDAS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** Every call site of the functions, in the adapters or wherever else one has crept in. */
export const CALL_SITES: readonly CallSite[] = sourceFiles.flatMap((file) => callSitesIn(join(LAMBDAS, file)));

/** Files that make calls, seen from `lambdas/`. */
export const CALLING_FILES: readonly string[] = sourceFiles.filter((file) => callSitesIn(join(LAMBDAS, file)).length > 0).map((file) => relative('.', file).split(sep).join('/'));

const textOf = (file: string): string => readFileSync(join(LAMBDAS, file), 'utf8');

/** The adapter classes that the composition makes, by its methods' names. */
const ADAPTERS = new Map([...textOf('runtime/composition.ts').matchAll(/^ {2}(\w+)\(\): (\w+) \{$/gm)].map(([, method, adapter]) => [method ?? '', adapter ?? '']));

/** The call sites that a function can reach: those of the adapters that its handler composes it of. */
export function sitesReachedBy(name: FunctionName): readonly CallSite[] {
  const adapters = [...textOf(`handlers/${name}.ts`).matchAll(/composition\.(\w+)\(\)/g)].map(([, method]) => ADAPTERS.get(method ?? '') ?? '');
  // Functions outside of classes are those of the proof, which belongs to the key provider.
  return CALL_SITES.filter(({ id }) => adapters.includes(id.includes('.') ? (id.split('.')[0] ?? '') : 'KmsKeyProvider'));
}
