import type { State, StatesBlock } from './definition';
import { invalidDefinition } from './invalid-definition';

/**
 * Checks what a shape cannot say: every name that a block refers to is one of its states, every state is reachable,
 * and an inner block does not assign a variable that an outer one assigns.
 * @throws {AwsError} InvalidDefinition
 */
export function checkReferences(block: StatesBlock, path = '', outerVariables: ReadonlySet<string> = new Set()): void {
  requireState(block, block.startAt, `${path}/StartAt`);
  const reachable = new Set([block.startAt]);
  for (const name of reachable) {
    const state = block.states.get(name);
    for (const next of state === undefined ? [] : successors(state)) {
      requireState(block, next, `${path}/States/${name}`);
      reachable.add(next);
    }
  }
  const variables = new Set(outerVariables);
  for (const [name, state] of block.states) {
    if (!reachable.has(name)) throw invalidDefinition(`MISSING_TRANSITION_TARGET: State "${name}" is not reachable`, `${path}/States/${name}`);
    for (const variable of assignments(state)) {
      if (outerVariables.has(variable)) {
        throw invalidDefinition(`Variable '${variable}' is already assigned in an outer scope`, `${path}/States/${name}`);
      }
      variables.add(variable);
    }
  }
  for (const [name, state] of block.states) {
    for (const inner of nestedBlocks(state)) checkReferences(inner, `${path}/States/${name}`, variables);
  }
}

/** Every state that can follow: the edges of the definition. */
function successors(state: State): readonly string[] {
  const next = 'Next' in state && state.Next !== undefined ? [state.Next] : [];
  const caught = 'Catch' in state ? (state.Catch ?? []).map((catcher) => catcher.Next) : [];
  const chosen = state.Type === 'Choice' ? state.Choices.map((rule) => rule.Next) : [];
  const otherwise = state.Type === 'Choice' && state.Default !== undefined ? [state.Default] : [];
  return [...next, ...chosen, ...otherwise, ...caught];
}

function assignments(state: State): readonly string[] {
  const own = 'Assign' in state ? [state.Assign] : [];
  const rules = state.Type === 'Choice' ? state.Choices.map((rule) => rule.Assign) : [];
  const catchers = 'Catch' in state ? (state.Catch ?? []).map((catcher) => catcher.Assign) : [];
  return [...own, ...rules, ...catchers].flatMap((assign) => Object.keys(assign ?? {}));
}

/** The blocks inside a Parallel or a Map. */
export function nestedBlocks(state: State): readonly StatesBlock[] {
  if (state.Type === 'Parallel') return state.Branches;
  return state.Type === 'Map' ? [state.ItemProcessor] : [];
}

function requireState(block: StatesBlock, name: string, location: string): void {
  if (!block.states.has(name)) throw invalidDefinition(`MISSING_TRANSITION_TARGET: Missing '${name}'`, location);
}
