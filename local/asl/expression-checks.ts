import type { DiagnosticCode } from './invalid-definition';
import { compileJsonata } from './jsonata-source';

/** What is wrong with an expression before it ever runs. */
export interface ExpressionProblem {
  readonly code: Extract<DiagnosticCode, 'INVALID_JSONATA_EXPRESSION' | 'UNSUPPORTED_JSONATA_EXPRESSION'>;
  readonly message: string;
}

/**
 * Checks an expression as AWS does at creation: that it compiles, and that it reads nothing from a context item, since
 * there is none at its top level.
 * @param isInCatcher only there is `$states.errorOutput` defined
 * @see https://states-language.net/spec.html
 */
export function expressionProblems(source: string, isInCatcher: boolean): readonly ExpressionProblem[] {
  let tree: unknown;
  try {
    tree = compileJsonata(source).ast();
  } catch (error) {
    return [{ code: 'INVALID_JSONATA_EXPRESSION', message: messageOf(error) }];
  }
  const references = new TopLevelReferences(isInCatcher);
  references.visit(tree, true);
  return [...references.unsupported].map((name) => ({
    code: 'UNSUPPORTED_JSONATA_EXPRESSION',
    message: `Reference to '${name}' at the top level is not supported.`,
  }));
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'syntax error';
}

/** A node of JSONata's syntax tree, of which the library's types tell only a part; groups and sort terms have no `type`. */
interface SyntaxNode {
  readonly type?: unknown;
  readonly [member: string]: unknown;
}

/** Collects what an expression reads from the context item at its top level, and `$$` wherever it stands. */
class TopLevelReferences {
  readonly unsupported = new Set<string>();

  constructor(private readonly isInCatcher: boolean) {}

  /** @param isTop whether the context item is still that of the whole expression, which does not exist */
  visit(node: unknown, isTop: boolean): void {
    if (Array.isArray(node)) {
      for (const element of node) this.visit(element, isTop);
      return;
    }
    if (!isNode(node)) return;
    switch (node.type) {
      case 'name':
        if (isTop) this.unsupported.add(String(node['value']));
        break;
      case 'variable':
        if (node['value'] === '$') this.unsupported.add('$$');
        if (node['value'] === '' && isTop) this.unsupported.add('$');
        break;
      case 'path':
        this.visitPath(node, isTop);
        break;
      case 'lambda':
        // What a body reads without a name is nested inside the expression.
        this.visit(node['body'], false);
        break;
      case 'transform':
        this.visit([node['pattern'], node['update'], node['delete']], false);
        break;
      case 'bind':
        this.visit(node['rhs'], isTop);
        break;
      default:
        this.visit(OPERANDS.map((operand) => node[operand]), isTop);
    }
    // Filters, sort terms and groups see the items that they work on.
    this.visit([node['predicate'], node['stages'], node['group'], node['terms'], node['expr']], false);
  }

  private visitPath(path: SyntaxNode, isTop: boolean): void {
    const steps: readonly unknown[] = Array.isArray(path['steps']) ? path['steps'] : [];
    const [first, second] = steps;
    this.visit(first, isTop);
    this.visit(steps.slice(1), false);
    const isErrorOutput = isNode(first) && isNode(second) && first['value'] === 'states' && first.type === 'variable' && second['value'] === 'errorOutput';
    if (isErrorOutput && !this.isInCatcher) this.unsupported.add('$states.errorOutput');
  }
}

/** Members of a node that are evaluated with the node's own context item. */
const OPERANDS = ['lhs', 'rhs', 'expression', 'expressions', 'procedure', 'arguments', 'condition', 'then', 'else'] as const;

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
