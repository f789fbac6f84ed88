/** One change that no test noticed, or a group of them, and why that is right. */
export interface Explained {
  readonly file: string;
  /** The line that the change begins on, without its indent; every line when left out. */
  readonly code?: string;
  /** `what was there => what was put there instead`; every change when left out. */
  readonly change?: string;
  /** Stryker's name of the kind of change; every kind when left out. */
  readonly kind?: string;
  /** How many changes it explains. @default 1 */
  readonly count?: number;
  /** `equivalent`: nothing that anybody can see changes, and the score leaves it out. `accepted`: something does, and a test of it would only say the same again. */
  readonly verdict: 'equivalent' | 'accepted';
  readonly why: string;
}

/** A change as it is judged. */
export interface Judged {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
  readonly isNoticed: boolean;
}

export interface Judgement {
  readonly changes: number;
  readonly noticed: number;
  readonly equivalent: number;
  readonly accepted: number;
  /** Share of the changes that are not equivalent which a test noticed, in percent. */
  readonly score: number;
  /** Nobody noticed them, and nobody says why. */
  readonly unexplained: readonly Judged[];
  /** What is explained but did not survive, or not as often as it says. */
  readonly outdated: readonly { readonly entry: Explained; readonly found: number }[];
}

/** Holds what a run found against the list. A change belongs to the first entry that fits it. */
export function judge(changes: readonly Judged[], list: readonly Explained[]): Judgement {
  const left = changes.filter(({ isNoticed }) => !isNoticed);
  const entries = left.map((change) => list.find((entry) => fits(entry, change)));
  const countOf = (verdict: Explained['verdict']): number => entries.filter((entry) => entry?.verdict === verdict).length;
  const noticed = changes.length - left.length;
  const equivalent = countOf('equivalent');
  return {
    changes: changes.length,
    noticed,
    equivalent,
    accepted: countOf('accepted'),
    score: (100 * noticed) / Math.max(1, changes.length - equivalent),
    unexplained: left.filter((_, index) => entries[index] === undefined),
    outdated: list.map((entry) => ({ entry, found: entries.filter((other) => other === entry).length })).filter(({ entry: { count = 1 }, found }) => found !== count),
  };
}

function fits({ file, code, change, kind }: Explained, judged: Judged): boolean {
  return file === judged.file && (code ?? judged.code) === judged.code && (kind ?? judged.kind) === judged.kind && (change === undefined || change === changeOf(judged));
}

export const changeOf = ({ original, replacement }: Pick<Judged, 'original' | 'replacement'>): string => `${original} => ${replacement}`;
