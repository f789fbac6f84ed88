import jsonata from 'jsonata';
import { BoundedRegExp } from './bounded-regexp';

// JSONata calls it with `new`; its types ask for an instance.
const RegexEngine = BoundedRegExp as unknown as RegExp;

/**
 * Compiles JSONata. All of the program does it here: JSONata keeps the engine of its regular expressions in one place for
 * all expressions, and every compilation sets it anew.
 * @throws what JSONata throws for what does not compile
 */
export function compileJsonata(source: string): jsonata.Expression {
  return jsonata(source, { RegexEngine });
}
