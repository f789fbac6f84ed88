import { createContext, Script } from 'node:vm';
import { evaluationTimeout } from './evaluation-budget';
import { MAX_EVALUATION_MS } from './limits';

/** So many steps of backtracking take a few milliseconds. */
const MAX_DIRECT_STEPS = 1_000_000;

/** A quantifier or an alternation; `(?` begins a group. What is escaped or in a class counts too, to be on the safe side. */
const CHOICE = /[*+{|]|(?<!\()\?/g;

/** A repeated group may be matched in exponentially many ways. */
const REPEATED_GROUP = /\)[*+{]/;

/**
 * A regular expression of JSONata, whose matching ends after {@link MAX_EVALUATION_MS}: backtracking is one step of the
 * evaluation, however long it takes. V8 can be interrupted only in a script with a time-out, which costs about 0.1 ms, so that
 * what cannot take long is matched directly.
 */
export class BoundedRegExp extends RegExp {
  /** @throws {RangeError} as AWS words an evaluation that takes too long */
  override exec(text: string): RegExpExecArray | null {
    if (this.maxSteps(text) <= MAX_DIRECT_STEPS) return super.exec(text);
    return inTime(() => super.exec(text));
  }

  /** Each choice may fall at each character, from each start of a match. */
  private maxSteps(text: string): number {
    if (REPEATED_GROUP.test(this.source)) return Infinity;
    const choices = this.source.match(CHOICE)?.length ?? 0;
    return Math.max(text.length + 1, 2) ** (choices + 1);
  }
}

const sandbox: { run?: (() => unknown) | undefined } = {};
const context = createContext(sandbox);
const script = new Script('run()');

function inTime<Result>(run: () => Result): Result {
  sandbox.run = run;
  try {
    // The script returns what `run` returns.
    return script.runInContext(context, { timeout: MAX_EVALUATION_MS }) as Result;
  } catch (error) {
    // Not `instanceof Error`: it need not come from this realm.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw evaluationTimeout();
    throw error;
  } finally {
    sandbox.run = undefined;
  }
}
