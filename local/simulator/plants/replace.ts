import type { FunctionName } from '../../../lambdas/contract/functions';
import type { Decision } from '../../../lambdas/domain/ledger';
import type { ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Acknowledgement } from '../../../lambdas/ports/acknowledgements';
import type { KeyReading } from '../../../lambdas/ports/registry';
import type { Composition } from '../../../lambdas/runtime/composition';
import type { Handler } from '../../../lambdas/runtime/on-lambda';
import type { Replacements } from '../world';

/** The adapters that functions are made of. */
type PortName = 'registry' | 'acknowledgements' | 'approvals' | 'keys' | 'executions' | 'alerts';
type Port<Name extends PortName> = ReturnType<Composition[Name]>;

/** The same object but for some of its methods: whatever it calls of itself are the changed ones. */
export function changed<T extends object>(real: T, changes: Partial<T>): T {
  // Defined, not assigned: some are read-only on the real one.
  return Object.defineProperties(Object.create(real) as T, Object.getOwnPropertyDescriptors(changes));
}

/** Changes methods of an adapter. @param names of the functions that get the changed one; by default all */
export function withPort<Name extends PortName>(port: Name, change: (real: Port<Name>) => Partial<Port<Name>>, ...names: readonly FunctionName[]): Replacements {
  return {
    composition: (composition, name) => {
      if (names.length > 0 && !names.includes(name)) return composition;
      const make = (): Port<Name> => {
        const real = composition[port]() as Port<Name>;
        return changed(real, change(real));
      };
      return changed(composition, { [port]: make });
    },
  };
}

/** Changes what decisions of functions write. @param change gets the next state, the one before, and when the decision says that it is */
export function withWrites(change: (next: ManagedKey, before: ManagedKey, at: string) => ManagedKey, ...names: readonly FunctionName[]): Replacements {
  const changedDecision = (decide: (key: ManagedKey) => Decision) => (key: ManagedKey): Decision => {
    const decision = decide(key);
    return decision.kind === 'done' ? decision : { ...decision, next: change(decision.next, key, decision.note.at) };
  };
  return withPort('registry', (real) => ({ transact: (name, decide) => real.transact(name, changedDecision(decide)) }), ...names);
}

/** Changes what functions see of a key. What they do not change of it stays in the registry as it is. */
export function withView(view: (key: ManagedKey) => ManagedKey, ...names: readonly FunctionName[]): Replacements {
  const seeing = (reading: KeyReading | undefined): KeyReading | undefined => (reading === undefined ? undefined : { ...reading, key: view(reading.key) });
  const decideSeeing = (decide: (key: ManagedKey) => Decision) => (key: ManagedKey): Decision => {
    const seen = view(key);
    const decision = decide(seen);
    return decision.kind === 'done' ? decision : { ...decision, next: unseen(decision.next, seen, key) };
  };
  return withPort(
    'registry',
    (real) => ({
      read: async (name) => seeing(await real.read(name)),
      transact: async (name, decide) => view(await real.transact(name, decideSeeing(decide))),
    }),
    ...names,
  );
}

/** Puts back what a view had hidden and the decision has not touched. */
function unseen(next: ManagedKey, seen: ManagedKey, real: ManagedKey): ManagedKey {
  const hidden = (Object.keys(real) as (keyof ManagedKey)[]).filter((field) => seen[field] !== real[field] && next[field] === seen[field]);
  return { ...next, ...Object.fromEntries(hidden.map((field) => [field, real[field]])) };
}

/** What a task gets: which fields, its state says. */
export type Payload = Readonly<Record<string, unknown>>;

/** Changes the handlers of functions. @param change gets the real handler, and what the function is made of */
export function withHandler(change: (handle: Handler, composition: Composition) => Handler, ...names: readonly FunctionName[]): Replacements {
  const made = new Map<FunctionName, Composition>();
  const isMeant = (name: FunctionName): boolean => names.length === 0 || names.includes(name);
  return {
    composition: (composition, name) => {
      made.set(name, composition);
      return composition;
    },
    handler: (name, handler) => {
      const composition = made.get(name);
      return composition === undefined || !isMeant(name) ? handler : change(handler, composition);
    },
  };
}

/** A state of a definition, as its JSON is. */
export type State = Record<string, unknown>;

/** Changes states of the rotation's definition by their names. @throws {Error} for a state that is not there */
export function withStates(changes: Readonly<Record<string, (state: State) => State>>): Replacements {
  return {
    definition: (machine, text) => {
      if (machine !== 'key-rotation') return text;
      const definition = JSON.parse(text) as { States: Record<string, State> };
      for (const [name, change] of Object.entries(changes)) {
        const state = definition.States[name];
        if (state === undefined) throw new Error(`The definition has no state ${name}`);
        definition.States[name] = change(state);
      }
      return JSON.stringify(definition);
    },
  };
}

/** All of several replacements, one upon the other. */
export function together(...all: readonly Replacements[]): Replacements {
  return {
    definition: (machine, text) => all.reduce((changedText, { definition }) => definition?.(machine, changedText) ?? changedText, text),
    composition: (composition, name) => all.reduce((replaced, one) => one.composition?.(replaced, name) ?? replaced, composition),
    handler: (name, handler) => all.reduce((replaced, one) => one.handler?.(name, replaced) ?? replaced, handler),
  };
}

/** A question to a dependent as if it had been answered with yes. */
export function saidYes(asked: Acknowledgement | undefined): Acknowledgement | undefined {
  return asked === undefined ? undefined : { ...asked, answer: { verdict: 'yes', version: asked.version, by: asked.principal, at: '2000-01-01T00:00:00.000Z' } };
}
