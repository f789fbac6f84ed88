/** What the checker says about one invariant. */
export interface Verdict {
  /** Number and short name, e.g. `1 one adopted version per lineage`; the number is that of the design's section 7. */
  readonly invariant: string;
  readonly status: 'held' | 'violated' | 'not-checkable';
  /** How many facts of the trace the verdict rests on. With none it is `not-checkable`: silence proves nothing. */
  readonly restsOn: number;
  readonly violations: readonly Violation[];
  /** Why the invariant could not be checked. */
  readonly reason?: string;
}

export interface Violation {
  /** For a person: which key, what was applied, what should have been. */
  readonly message: string;
  /** `seq` of the trace events that prove it, in order. */
  readonly events: readonly number[];
}

export interface Summary {
  /** Invariants that the trace could prove or disprove. */
  readonly checked: number;
  readonly notCheckable: number;
  readonly violations: number;
}

export function summarize(verdicts: readonly Verdict[]): Summary {
  const checked = verdicts.filter((verdict) => verdict.status !== 'not-checkable').length;
  const violations = verdicts.reduce((sum, verdict) => sum + verdict.violations.length, 0);
  return { checked, notCheckable: verdicts.length - checked, violations };
}

/** Gathers the facts and the violations of one invariant while the trace is read. */
export class Findings {
  private restsOn = 0;
  private readonly violations: Violation[] = [];

  /** `emptyReason` says what the trace lacks when nothing was examined. */
  constructor(
    private readonly invariant: string,
    private readonly emptyReason: string,
  ) {}

  /** One more fact bears on the invariant. */
  examined(): void {
    this.restsOn += 1;
  }

  /** Events that are not known (`undefined`) are left out. */
  violated(message: string, events: readonly (number | undefined)[]): void {
    const known = events.filter((seq) => seq !== undefined);
    this.violations.push({ message, events: [...new Set(known)].sort((left, right) => left - right) });
  }

  verdict(): Verdict {
    const { invariant, restsOn, violations } = this;
    if (restsOn === 0) return { invariant, status: 'not-checkable', restsOn, violations, reason: this.emptyReason };
    return { invariant, status: violations.length === 0 ? 'held' : 'violated', restsOn, violations };
  }
}
