import type { Tally } from '../../../local/simulate/campaign';
import type { Explained } from '../../../local/simulate/explain';
import type { Found } from '../../../local/simulate/outcome';
import { jsonOf, reachOf, type Report, textOf } from '../../../local/simulate/report';
import { ALL_FAULTS, type Settings } from '../../../local/simulate/settings';
import type { FaultName } from '../../../local/simulator/run/faults';
import type { Profile } from '../../../local/simulator/run/plan';

const KEYTURN: Settings = { design: 'keyturn', keys: 1, windows: 1, faults: ALL_FAULTS, plant: null, wire: 'direct' };
const CRON: Settings = { ...KEYTURN, design: 'cron' };

/** A job that calls KMS, and neither has states nor asks anybody. */
const JOB: Profile = { calls: [{ function: 'create-key-version', service: 'kms', operation: 'CreateKey', count: 2 }], invocations: [], states: [], questions: 0, chaosMs: 1, keys: 1 };
const WORKFLOW: Profile = { ...JOB, states: [{ state: 'Drain', count: 1 }], questions: 2 };

const found = (seed: number, invariant: string): Found => ({ seed, invariant, message: `${invariant} is violated` });

function tallyOf(violations: readonly Found[] = [], struck: readonly FaultName[] = []): Tally {
  const invariants = new Set(violations.map(({ invariant }) => invariant));
  return {
    runs: 10, rotations: 20, violatingRuns: new Set(violations.map(({ seed }) => seed)).size, found: violations, foundWithoutPlant: [], edges: new Set(), traceHash: 'abc', seconds: 2,
    runsByInvariant: new Map([...invariants].map((invariant) => [invariant, violations.filter((one) => one.invariant === invariant).length])),
    struck: new Map(struck.map((fault) => [fault, 3])),
  };
}

const explain = (violation: Found, more: Partial<Explained> = {}): [Found, Explained] => [violation, { ...violation, steps: ['2. code-deployed'], timeline: ['>> it happens'], replay: 'npm run simulate -- --replay 1 --only 2', stepsOfWholeRun: 5, ...more }];

function reportOf(settings: Settings, profile: Profile, tally: Tally, explained: readonly [Found, Explained][] = []): Report {
  return { settings, fromSeed: 100, tally, reach: reachOf(settings, profile, tally), explained: new Map(explained) };
}

test('faults count as missed only where they have something to strike at', () => {
  const { faults, unreached, edges } = reachOf(CRON, JOB, tallyOf([], ['kms-throttled']));
  const applicable = faults.map(([fault]) => fault);
  expect(applicable).toEqual(expect.arrayContaining(['kms-throttled', 'kms-quota-exhausted', 'schedule-late']));
  for (const fault of ['execution-stopped', 'dependent-silent', 'function-cold', 'hold-set', 'dynamodb-throttled'] as const) expect(applicable).not.toContain(fault);
  expect(unreached).toEqual(applicable.filter((fault) => fault !== 'kms-throttled'));
  expect(edges).toBe(0);
  expect(textOf(reportOf(CRON, JOB, tallyOf([], ['kms-throttled'])))).toContain(`Faults reached: 1 of ${applicable.length}.`);
});

test('of what was not reached few are named, and many only counted', () => {
  const faults: readonly FaultName[] = ['execution-stopped', 'code-deployed', 'sns-down'];
  const text = textOf(reportOf({ ...KEYTURN, faults }, WORKFLOW, tallyOf([], ['sns-down'])));
  expect(text).toContain('Faults reached: 1 of 3; not execution-stopped; code-deployed.\n');
  expect(text).toMatch(/^Edges of the definitions gone: 0 of \d+\.$/m);
});

test('a shrunk violation says which faults it needs, of how many, and how to play it again', () => {
  const violation = found(1, '3 three');
  const text = textOf(reportOf(CRON, JOB, tallyOf([violation, found(2, '3 three')]), [explain(violation)]));
  expect(text).toContain(`VIOLATED in 2 of 10 runs.

Seed 1 violates: 3 three (violated in 2 of 10 runs)
  3 three is violated
  needs, of 5 faults:
    2. code-deployed
  what happens (>> proves it):
  >> it happens
  Play this again: npm run simulate -- --replay 1 --only 2 (without --only: with all 5 faults)
`);
  expect(text).not.toContain('more kind');
});

test('a violation that nothing could be spared of has one run, the whole one', () => {
  const violation = found(1, '3 three');
  const text = textOf(reportOf(CRON, JOB, tallyOf([violation]), [explain(violation, { stepsOfWholeRun: 1, replay: 'npm run simulate -- --replay 1' })]));
  expect(text).toContain('  needs:\n');
  expect(text).toMatch(/Play this again: npm run simulate -- --replay 1$/m);
});

test('violations that are not shown are named, with the number of their runs', () => {
  const violations = [found(1, '1 one'), found(1, '2 two'), found(2, '2 two'), found(3, '3 three')];
  expect(textOf(reportOf(CRON, JOB, tallyOf(violations), [explain(violations[0]!)]))).toContain('\nAnd 2 more kinds: 2 two (2 of 10 runs); 3 three (1 of 10 runs)\n');
  expect(textOf(reportOf(CRON, JOB, tallyOf(violations.slice(0, 2)), [explain(violations[0]!)]))).toContain('\nAnd 1 more kind: 2 two (1 of 10 runs)\n');
});

test('one document says what a part of a campaign was made of, and explains what was shrunk', () => {
  const violations = [found(101, '1 one'), found(101, '1 one')];
  expect(jsonOf(reportOf(CRON, JOB, tallyOf(violations, ['kms-throttled']), [explain(violations[0]!)]))).toMatchObject({
    design: 'cron', seed: 100, runs: 10, keys: 1, windows: 1, wire: 'direct', seconds: 2, faultsInjected: 3, violatingRunsByInvariant: { '1 one': 2 },
    violations: [{ seed: 101, steps: ['2. code-deployed'] }, violations[1]],
    reach: { edges: { covered: 0, total: 0, missing: [] } },
  });
});
