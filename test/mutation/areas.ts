/** What is mutated together, by which suites it is tested, and how good they must be. */
export interface Area {
  /** Globs of sources; one with a leading `!` takes files out. */
  readonly mutate: readonly string[];
  /** Globs of suites, the quick ones first: the first test that fails ends a mutant's run. */
  readonly suites: readonly string[];
  /** The least share of mutants, equivalent ones left out, that a test must notice; in percent. */
  readonly threshold: number;
}

/** What decides who may write, in which order and when: every mutant of these must be noticed. */
const GUARDS = ['lease', 'ledger', 'version-status', 'drain', 'retirement', 'failure', 'promotion', 'creation', 'expected-state', 'approval'].map((name) => `lambdas/domain/${name}.ts`);

/** Without random walks: they take seconds for each mutant, and what only they notice deserves a test that says so. */
const DOMAIN_SUITES = ['test/domain/!(decisions|audit|rotation-id|plan).test.ts'];
/** Their own suites hold them against thousands of random inputs: too slow for what else they come to. */
const PLANS = ['lambdas/domain/plan.ts', 'lambdas/domain/rotation-id.ts'];
const CHECKER = ['lambdas/domain/checker/**/*.ts', 'lambdas/domain/audit/*.ts'];
const without = (files: readonly string[]): readonly string[] => files.map((file) => `!${file}`);

/** Areas of TypeScript. */
export const AREAS = {
  guards: { mutate: GUARDS, suites: DOMAIN_SUITES, threshold: 100 },
  domain: { mutate: ['lambdas/domain/**/*.ts', ...without([...GUARDS, ...PLANS, ...CHECKER])], suites: DOMAIN_SUITES, threshold: 90 },
  plans: { mutate: PLANS, suites: ['test/domain/plan.test.ts', 'test/domain/rotation-id.test.ts'], threshold: 90 },
  checker: { mutate: CHECKER, suites: ['test/domain/checker/*.test.ts', 'test/domain/audit.test.ts'], threshold: 90 },
  tasks: { mutate: ['lambdas/tasks/**/*.ts'], suites: ['test/tasks/*.test.ts'], threshold: 90 },
  adapters: { mutate: ['lambdas/adapters/**/*.ts'], suites: ['test/adapters/**/*.test.ts'], threshold: 90 },
} as const satisfies Readonly<Record<string, Area>>;
export type SourceAreaName = keyof typeof AREAS;

/** Those, and the definitions of the state machines. */
export type AreaName = SourceAreaName | 'asl';
export const AREA_NAMES: readonly AreaName[] = [...(Object.keys(AREAS) as SourceAreaName[]), 'asl'];
export const ASL_THRESHOLD = 100;
