import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceEvent } from '../../../lambdas/domain/trace';

/** Where an edge leads that ends an execution, or an iteration. */
const END = '(end)';

interface StateJson {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Catch?: readonly { readonly Next: string }[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, StateJson>> };
}

/** Every edge of both definitions: from each state to each that may follow it, errors included. */
export function edgesOfDefinitions(): readonly string[] {
  return (['key-rotation', 'key-repair'] as const).flatMap((machine) => {
    const text = readFileSync(join(__dirname, `../../../statemachine/${machine}.asl.json`), 'utf8');
    return [...new Set(edgesOf((JSON.parse(text) as { States: Readonly<Record<string, StateJson>> }).States))].map((edge) => `${machine}: ${edge}`);
  });
}

function edgesOf(states: Readonly<Record<string, StateJson>>): string[] {
  return Object.entries(states).flatMap(([name, state]) => {
    const next = [state.Next, state.Default, ...(state.Choices ?? []).map(({ Next }) => Next), ...(state.Catch ?? []).map(({ Next }) => Next)].filter((one) => one !== undefined);
    const ends = state.End === true || state.Type === 'Succeed' || state.Type === 'Fail' ? [END] : [];
    return [...[...next, ...ends].map((to) => edge(name, to)), ...edgesOf(state.ItemProcessor?.States ?? {})];
  });
}

/** The edges that a trace has gone. */
export function edgesIn(trace: readonly TraceEvent[]): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const event of trace) {
    // A retry is billed as a transition to the state itself, and is no edge.
    if (event.type !== 'states.state-exited' || event.next === event.state) continue;
    gone.add(`${event.execution.startsWith('repair-') ? 'key-repair' : 'key-rotation'}: ${edge(event.state, event.next ?? END)}`);
  }
  return gone;
}

function edge(from: string, to: string): string {
  return `${from} → ${to}`;
}
