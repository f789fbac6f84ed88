import type { State, StatesBlock } from './definition';
import type { Diagnostics } from './invalid-definition';

/**
 * Checks what a shape cannot say: that every name that a block refers to is one of its states, that it can end, that
 * every state is reachable, that names are unique in the whole machine, and that an inner block does not assign a
 * variable that an outer one assigns.
 */
export function checkReferences(machine: StatesBlock, diagnostics: Diagnostics): void {
  checkBlock(machine, { path: '', outerVariables: new Set(), names: new Set() }, diagnostics);
}

interface Surroundings {
  readonly path: string;
  readonly outerVariables: ReadonlySet<string>;
  /** Of all states seen so far. */
  readonly names: Set<string>;
}

function checkBlock(block: StatesBlock, { path, outerVariables, names }: Surroundings, diagnostics: Diagnostics): void {
  checkTargets(block, path, diagnostics);
  checkEnds(block, path, diagnostics);
  const variables = new Set(outerVariables);
  for (const [name, state] of block.states) {
    const location = `${path}/States/${name}`;
    if (names.has(name)) diagnostics.add('DUPLICATE_STATE_NAME', `Duplicate State name: ${name}`, location);
    names.add(name);
    for (const variable of assignments(state)) {
      if (outerVariables.has(variable)) {
        diagnostics.add('SCHEMA_VALIDATION_FAILED', `Variable '${variable}' is already assigned in an outer scope`, location);
      }
      variables.add(variable);
    }
  }
  for (const [name, state] of block.states) {
    for (const { at, inner } of nestedBlocks(state)) checkBlock(inner, { path: `${path}/States/${name}${at}`, outerVariables: variables, names }, diagnostics);
  }
}

function checkTargets(block: StatesBlock, path: string, diagnostics: Diagnostics): void {
  const requireState = (name: string, location: string): void => {
    if (!block.states.has(name)) diagnostics.add('MISSING_TRANSITION_TARGET', `Missing 'Next' target: ${name}`, location);
  };
  requireState(block.startAt, `${path}/StartAt`);
  for (const [name, state] of block.states) {
    for (const { at, next } of transitions(state)) requireState(next, `${path}/States/${name}/${at}`);
  }
}

/** A block that cannot end is one mistake: which states are reachable is then not looked at. */
function checkEnds(block: StatesBlock, path: string, diagnostics: Diagnostics): void {
  const canEnd = [...block.states.values()].some((state) => state.Type === 'Succeed' || state.Type === 'Fail' || ('End' in state && state.End === true));
  if (!canEnd) {
    diagnostics.add('MISSING_END_STATE', 'Workflow has no terminal state', null);
    return;
  }
  const reachable = new Set([block.startAt]);
  for (const name of reachable) {
    const state = block.states.get(name);
    for (const { next } of state === undefined ? [] : transitions(state)) reachable.add(next);
  }
  for (const name of block.states.keys()) {
    if (!reachable.has(name)) diagnostics.add('MISSING_TRANSITION_TARGET', `State "${name}" is not reachable.`, `${path}/States/${name}`);
  }
}

/** The edges of the definition, and in which field each stands. */
function transitions(state: State): readonly { readonly at: string; readonly next: string }[] {
  const next = 'Next' in state && state.Next !== undefined ? [{ at: 'Next', next: state.Next }] : [];
  const chosen = state.Type === 'Choice' ? state.Choices.map((rule, index) => ({ at: `Choices[${index}]/Next`, next: rule.Next })) : [];
  const otherwise = state.Type === 'Choice' && state.Default !== undefined ? [{ at: 'Default', next: state.Default }] : [];
  const caught = 'Catch' in state ? (state.Catch ?? []).map((catcher, index) => ({ at: `Catch[${index}]/Next`, next: catcher.Next })) : [];
  return [...next, ...chosen, ...otherwise, ...caught];
}

function assignments(state: State): ReadonlySet<string> {
  const own = 'Assign' in state ? [state.Assign] : [];
  const rules = state.Type === 'Choice' ? state.Choices.map((rule) => rule.Assign) : [];
  const catchers = 'Catch' in state ? (state.Catch ?? []).map((catcher) => catcher.Assign) : [];
  return new Set([...own, ...rules, ...catchers].flatMap((assign) => Object.keys(assign ?? {})));
}

/** The blocks inside a Parallel or a Map, and in which field each stands. */
export function nestedBlocks(state: State): readonly { readonly at: string; readonly inner: StatesBlock }[] {
  if (state.Type === 'Parallel') return state.Branches.map((inner, index) => ({ at: `/Branches[${index}]`, inner }));
  return state.Type === 'Map' ? [{ at: '/ItemProcessor', inner: state.ItemProcessor }] : [];
}
