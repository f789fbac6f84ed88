import { MAX_EVALUATION_BYTES, MAX_EVALUATION_DEPTH, MAX_EVALUATION_STEPS } from './limits';

/** Under this name the environment of an evaluation holds its budget: no expression can say it. */
export const BUDGET = 'budget of the evaluation';

const BYTES_OF_NUMBER = 8;

/** Where an environment keeps how often each of its nodes was counted. A WeakMap of as many environments as a loop makes keeps the collector busy for a minute. */
const COUNTED = Symbol('counted');

/** What JSONata hands to its hooks around every node of the syntax tree. */
export interface Frame {
  lookup(name: string): unknown;
  /** Set on elements that JSONata evaluates side by side, all but the first: their depth is not the first one's. */
  readonly isParallelCall?: boolean;
  /** How often each node was counted into the depth: only that many of its exits count out again. */
  [COUNTED]?: Map<unknown, number> | undefined;
}

/** What AWS says of an evaluation that takes too long. */
export function evaluationTimeout(): RangeError {
  return new RangeError('Expression evaluation timeout: Check for infinite loop');
}

/** Bounds one evaluation as Step Functions does. */
export class EvaluationBudget {
  private depth = 0;
  private steps = 0;

  enter(node: unknown, frame: Frame): void {
    if (++this.steps > MAX_EVALUATION_STEPS) throw evaluationTimeout();
    if (frame.isParallelCall === true) return;
    this.count(node, frame, 1);
    if (++this.depth > MAX_EVALUATION_DEPTH) {
      throw new RangeError('Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.');
    }
  }

  leave(node: unknown, frame: Frame, result: unknown): void {
    const bytes = typeof result === 'string' ? result.length : Array.isArray(result) ? result.length * BYTES_OF_NUMBER : 0;
    if (bytes > MAX_EVALUATION_BYTES) throw new RangeError('Expression evaluation memory limit exceeded: Check for excessive memory usage');
    if ((frame[COUNTED]?.get(node) ?? 0) === 0) return;
    this.count(node, frame, -1);
    this.depth--;
  }

  private count(node: unknown, frame: Frame, change: 1 | -1): void {
    const nodes = (frame[COUNTED] ??= new Map<unknown, number>());
    nodes.set(node, (nodes.get(node) ?? 0) + change);
  }
}
