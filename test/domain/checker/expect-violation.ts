import { verdictOf, type Story } from './story';

/** A trace, and the events that the checker must name as proof. */
export interface Evidence {
  readonly s: Story;
  readonly proof: readonly number[];
  readonly untilMs?: number;
}

/** Invariant, what is wrong, and how it comes about. */
export type BadTrace = readonly [invariant: string, wrong: string, build: () => Evidence];

export function expectViolation(invariant: string, { s, proof, untilMs }: Evidence): void {
  const verdict = verdictOf(s, invariant, untilMs === undefined ? {} : { untilMs });
  expect(verdict.status).toBe('violated');
  expect(verdict.restsOn).toBeGreaterThan(0);
  expect(verdict.violations.some(({ events }) => proof.every((seq) => events.includes(seq)))).toBe(true);
  for (const { events } of verdict.violations) expect(events.every((seq) => s.events[seq] !== undefined)).toBe(true);
}
