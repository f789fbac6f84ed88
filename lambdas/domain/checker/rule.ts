import type { RegistryItemWritten, TraceEvent } from '../trace';
import type { CheckOptions } from './options';
import type { Transition } from './transitions';
import type { Findings } from './verdict';
import type { World } from './world';

/** What a rule may ask while it follows a trace. */
export interface Inquiry {
  /** The world right before the event or transition that is being looked at. */
  readonly world: World;
  readonly options: Required<Omit<CheckOptions, 'registryTable'>>;
  /** Opens the verdict of one invariant. */
  readonly findings: (invariant: string, emptyReason: string) => Findings;
  /** The execution behind an invocation of a function. */
  readonly executionOf: (traceId: string | undefined) => string | undefined;
  /** `seq` of the first event of an invocation: it had begun by then. */
  readonly firstSeqOf: (traceId: string | undefined) => number | undefined;
}

/** A rule follows the trace from its beginning to its end, once. */
export interface Observer {
  /** Everything that one transaction wrote about a key, at once. */
  onTransition?(transition: Transition): void;
  /** A write to the registry that is not about a key: an acknowledgement, an approval, an alert. */
  onItem?(event: RegistryItemWritten): void;
  /** Every event but registry writes. */
  onEvent?(event: TraceEvent): void;
  atEnd?(): void;
}

export type Rule = (inquiry: Inquiry) => Observer;
