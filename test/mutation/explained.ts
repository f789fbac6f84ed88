import type { AreaName } from './areas';
import { DYNAMODB } from './explained-dynamodb';
import { KMS } from './explained-kms';
import { OUTSIDE } from './explained-outside';
import { TASKS } from './explained-tasks';
import type { Explained } from './judge';
import { FOR_THE_TYPE, NEVER_NULL } from './reasons';

const lease = 'lambdas/domain/lease.ts';
const approval = 'lambdas/domain/approval.ts';
const retirement = 'lambdas/domain/retirement.ts';

const COMPARED_WITH_NULL = 'a window compared with null is never below it: the comparison says the same alone; the check is for the type';

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

const windows = 'lambdas/domain/windows.ts';
const age = 'lambdas/domain/age.ts';

const DOMAIN: readonly Explained[] = [
  ...['version?.status => version.status', 'version?.disableNotBefore => version.disableNotBefore'].map(
    (change): Explained => ({ file: age, code: "const deadline = version?.status === 'DISABLED' ? version.revokeNotBefore : version?.disableNotBefore;", change, verdict: 'equivalent', why: `${FOR_THE_TYPE}what is left to retire is in the registry` }),
  ),
  { file: age, change: 'version !== undefined => true', verdict: 'equivalent', why: `${FOR_THE_TYPE}what is left to retire is in the registry` },
  {
    file: 'lambdas/domain/alert.ts',
    code: "const [, partition = 'aws', , region = ''] = executionArn.split(':');",
    change: `'aws' => ""`,
    verdict: 'equivalent',
    why: 'an unknown partition gets the console of aws, too',
  },
  { file: 'lambdas/domain/alert.ts', code: "return `https://${CONSOLES[partition] ?? CONSOLES['aws'] ?? ''}/states/home?region=${region}#/v2/executions/details/${executionArn}`;", change: `'' => "Stryker was here!"`, verdict: 'equivalent', why: `${FOR_THE_TYPE}aws has a console` },
  { file: 'lambdas/domain/approval-alert.ts', change: 'executionArn === undefined => false', verdict: 'equivalent', why: `${FOR_THE_TYPE}an alert takes an ARN that is undefined as none` },
  { file: 'lambdas/domain/emergency.ts', change: 'key.window === null => false', verdict: 'equivalent', why: `${FOR_THE_TYPE}without a window there is no version of it` },
  { file: 'lambdas/domain/identity.ts', code: 'const [, partition, account, role, session] = ASSUMED_ROLE.exec(callerArn) ?? [];', change: '[] => ["Stryker was here"]', verdict: 'equivalent', why: 'the first member is not looked at' },
  { file: 'lambdas/domain/key-policy-document.ts', change: 'one < other => one <= other', verdict: 'equivalent', why: 'no two members of a map have one name' },
  { file: 'lambdas/domain/key-policy-document.ts', change: 'one < other => one >= other', verdict: 'equivalent', why: 'both sides are sorted the other way round' },
  { file: 'lambdas/domain/key-policy-document.ts', code: '.flatMap((statement) => statement.Action ?? []);', change: '[] => ["Stryker was here"]', verdict: 'equivalent', why: 'nothing that keyturn does has this name' },
  { file: 'lambdas/domain/key-policy-document.ts', code: 'const aws = (principal as { AWS?: string | readonly string[] } | undefined)?.AWS ?? [];', change: '[] => ["Stryker was here"]', verdict: 'equivalent', why: 'nor is it everybody' },
  { file: 'lambdas/domain/needs-person.ts', change: `'' => "Stryker was here!"`, verdict: 'equivalent', why: `${FOR_THE_TYPE}an overdue key is so since some time` },
  { file: 'lambdas/domain/next-run.ts', code: "const NOTHING = '';", verdict: 'equivalent', why: 'a mark that nobody is shown' },
  {
    file: 'lambdas/domain/next-run.ts',
    code: 'if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) return `window ${key.completedWindow} is completed`;',
    change: 'key.completedWindow !== null => true',
    verdict: 'equivalent',
    why: COMPARED_WITH_NULL,
  },
  ...['by', 'at', 'reason'].map(
    (member): Explained => ({ file: 'lambdas/domain/operations.ts', change: `key.abortRequest?.${member} => key.abortRequest.${member}`, verdict: 'equivalent', why: `${NEVER_NULL}it names the rotation` }),
  ),
  { file: 'lambdas/domain/registration.ts', change: `'' => "Stryker was here!"`, verdict: 'equivalent', why: `${FOR_THE_TYPE}the policy of a key that was adopted names it` },
  { file: 'lambdas/domain/repair-steps.ts', change: 'version === undefined => false', verdict: 'equivalent', why: `${FOR_THE_TYPE}without a version nothing changes` },
  { file: 'lambdas/domain/rescue.ts', change: 'key.intent?.kind => key.intent.kind', verdict: 'equivalent', why: `${NEVER_NULL}what is being retired has an intent` },
  { file: 'lambdas/domain/rotate-now.ts', change: 'key.completedWindow !== null => true', verdict: 'equivalent', why: COMPARED_WITH_NULL },
  { file: windows, code: 'const [, year, month, day, hour, minute] = WINDOW_ID.exec(windowId) ?? [];', change: '[] => ["Stryker was here"]', verdict: 'equivalent', why: 'the first member is not looked at' },
  { file: windows, code: 'return left < right ? -1 : 1;', change: 'left < right => left <= right', verdict: 'equivalent', why: 'what is equal was answered before' },
  { file: windows, change: 'spreadSeconds < 1 => spreadSeconds <= 1', verdict: 'equivalent', why: 'the remainder by one is nothing, too' },
  { file: windows, code: "const [date = '', time = ''] = instantOf(ms).split('T');", count: 2, verdict: 'equivalent', why: `${FOR_THE_TYPE}an instant has a T` },
  { file: windows, code: '} catch {', verdict: 'equivalent', why: 'without its return it returns the same' },
];

/** The changes that no test notices, each with the reason. A run fails for one that is not here, and for one here that is noticed or gone. */
export const EXPLAINED: Readonly<Record<AreaName, readonly Explained[]>> = {
  guards: GUARDS,
  domain: DOMAIN,
  plans: [],
  checker: [],
  tasks: TASKS,
  adapters: [...DYNAMODB, ...KMS, ...OUTSIDE],
  asl: [],
};
