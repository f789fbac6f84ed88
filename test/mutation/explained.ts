import type { AreaName } from './areas';
import type { Explained } from './judge';

const lease = 'lambdas/domain/lease.ts';
const approval = 'lambdas/domain/approval.ts';
const retirement = 'lambdas/domain/retirement.ts';

const COMPARED_WITH_NULL = 'a window compared with null is never below it: the comparison says the same alone; the check is for the type';
const NEVER_NULL = 'the type allows null, but what was checked before does not: ';

const GUARDS: readonly Explained[] = [
  { file: approval, code: "case 'open':", change: `'open' => ""`, verdict: 'equivalent', why: 'a case that does nothing, there to be exhaustive' },
  ...['votes.filter(({ answer }) => answer === consent) => votes', 'answer === consent => true'].map(
    (change): Explained => ({
      file: approval,
      code: 'const consents = new Set(votes.filter(({ answer }) => answer === consent).map(({ by }) => identityOf(by, rules)));',
      change,
      verdict: 'equivalent',
      why: 'one refusal closes an approval, so that whoever consents to an open one finds consents only; a ballot that refuses is answered before they are counted',
    }),
  ),
  ...['approval.votes.filter(({ answer }) => answer === consent) => approval.votes', 'answer === consent => true'].map(
    (change): Explained => ({
      file: approval,
      code: 'const consents = new Set(approval.votes.filter(({ answer }) => answer === consent).map(({ by }) => identityOf(by, rules)));',
      change,
      verdict: 'equivalent',
      why: 'the next line refuses whatever has a vote that does not consent',
    }),
  ),
  {
    file: 'lambdas/domain/creation.ts',
    code: "if (key.lease?.work === 'emergency' && key.emergency !== null) return { window: key.emergency.window, emergency: key.emergency.firstNumber };",
    change: 'key.lease?.work => key.lease.work',
    verdict: 'equivalent',
    why: `${NEVER_NULL}the owner has the lease`,
  },
  {
    file: 'lambdas/domain/expected-state.ts',
    code: "case 'DEPRECATED':",
    kind: 'ConditionalExpression',
    verdict: 'equivalent',
    why: 'without its return the case falls through to the next, which returns the same',
  },
  { file: 'lambdas/domain/expected-state.ts', code: 'const states: string[] = [];', change: '[] => ["Stryker was here"]', verdict: 'equivalent', why: 'KMS has no such state' },
  {
    file: 'lambdas/domain/failure.ts',
    code: 'if ([key.window?.id, key.completedWindow].some((known) => known != null && compareWindows(window, known) < 0) || key.completedWindow === window) return false;',
    change: 'known != null => true',
    verdict: 'equivalent',
    why: COMPARED_WITH_NULL,
  },
  {
    file: 'lambdas/domain/failure.ts',
    code: 'return { ...key, emergency: key.emergency === null ? null : { ...key.emergency, number: number + 1 } };',
    change: 'key.emergency === null => false',
    verdict: 'equivalent',
    why: `${NEVER_NULL}only the current emergency is raised`,
  },
  {
    file: lease,
    code: 'const lease = key.lease === null || subject === undefined ? key.lease : { ...key.lease, subject };',
    count: 4,
    verdict: 'equivalent',
    why: `${NEVER_NULL}the lease was granted a line before, and a retirement run without a version to retire is superseded`,
  },
  {
    file: lease,
    code: 'if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) return `window ${key.completedWindow} is completed`;',
    change: 'key.completedWindow !== null => true',
    verdict: 'equivalent',
    why: COMPARED_WITH_NULL,
  },
  {
    file: lease,
    code: 'return isPaused(key, at) ? `paused by ${key.pause?.by} until ${key.pause?.until}: ${key.pause?.reason}` : undefined;',
    kind: 'OptionalChaining',
    count: 3,
    verdict: 'equivalent',
    why: `${NEVER_NULL}a paused key has a pause`,
  },
  {
    file: lease,
    code: 'if (key.lease === null || holder?.closedAt == null) return;',
    count: 2,
    verdict: 'equivalent',
    why: `${NEVER_NULL}whoever claims beside a holder that runs, or of which nothing is known, is superseded before, and the holder is given when it is settled`,
  },
  {
    file: lease,
    code: "return key.retirementPending.filter((number) => ['DEPRECATED', 'DISABLED'].includes(versionOf(key, number)?.status ?? ''));",
    change: `'' => "Stryker was here!"`,
    verdict: 'equivalent',
    why: 'neither is a status',
  },
  {
    file: lease,
    code: "const withoutSubject = run.kind === 'retirement' ? left.filter((version) => version !== key.lease?.subject) : left;",
    change: 'key.lease?.subject => key.lease.subject',
    verdict: 'equivalent',
    why: `${NEVER_NULL}the owner has the lease`,
  },
  { file: lease, code: 'return key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0;', change: 'key.completedWindow !== null => true', verdict: 'equivalent', why: COMPARED_WITH_NULL },
  {
    file: lease,
    code: 'const completedWindow = key.completedWindow === null || compareWindows(key.completedWindow, window) < 0 ? window : key.completedWindow;',
    change: 'compareWindows(key.completedWindow, window) < 0 => compareWindows(key.completedWindow, window) <= 0',
    verdict: 'equivalent',
    why: 'of two that are the same it does not matter which',
  },
  { file: 'lambdas/domain/ledger.ts', code: '.sort(([left], [right]) => (left < right ? -1 : 1))', change: 'left < right => left <= right', verdict: 'equivalent', why: 'no two members of an object have one name' },
  {
    file: retirement,
    code: 'if (isEmergencyWaiting(key)) return `emergency ${key.emergency?.number} waits for the key`;',
    change: 'key.emergency?.number => key.emergency.number',
    verdict: 'equivalent',
    why: `${NEVER_NULL}an emergency that waits is there`,
  },
  {
    file: retirement,
    code: "if (activeVersion(key)?.number === number) throw new TaskError('LedgerMismatch', `${key.name} v${number} is ACTIVE and is never retired`);",
    count: 3,
    verdict: 'equivalent',
    why: 'its status was required to be another one before; the check stands for whoever changes that',
  },
];

/** The changes that no test notices, each with the reason. A run fails for one that is not here, and for one here that is noticed or gone. */
export const EXPLAINED: Readonly<Record<AreaName, readonly Explained[]>> = {
  guards: GUARDS,
  domain: [],
  plans: [],
  checker: [],
  tasks: [],
  adapters: [],
  asl: [],
};
