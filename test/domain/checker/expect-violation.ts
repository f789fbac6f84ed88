import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Verdict } from '../../../lambdas/domain/checker';
import { verdictOf, type Story } from './story';

/** A trace, and the events that the checker must name as proof. */
export interface Evidence {
  readonly s: Story;
  readonly proof: readonly number[];
  readonly untilMs?: number;
}

/** Invariant, what is wrong, and how it comes about. */
export type BadTrace = readonly [invariant: string, wrong: string, build: () => Evidence];

/** What the checker says of each bad trace, to be read as a person reads it. Whoever adds a bad trace or changes a message finds the new text in the failure. */
const SAID = JSON.parse(readFileSync(path.join(__dirname, 'said.json'), 'utf8')) as Readonly<Record<string, readonly string[]>>;

/** @param wrong names the bad trace in `said.json`; without it the messages are not looked at */
export function expectViolation(invariant: string, { s, proof, untilMs }: Evidence, wrong?: string): void {
  const verdict = verdictOf(s, invariant, untilMs === undefined ? {} : { untilMs });
  expect(verdict.status).toBe('violated');
  expect(verdict.restsOn).toBeGreaterThan(0);
  expect(verdict.violations.some(({ events }) => proof.every((seq) => events.includes(seq)))).toBe(true);
  for (const { events } of verdict.violations) expect(events.every((seq) => s.events[seq] !== undefined)).toBe(true);
  if (wrong !== undefined) expectSaid(verdict, wrong);
}

/** @param wrong names the bad trace in `said.json` */
export function expectSaid({ invariant, violations }: Verdict, wrong: string): void {
  const name = `${invariant}: ${wrong}`;
  expect({ [name]: violations.map(({ message }) => message) }).toEqual({ [name]: SAID[name] });
}
