import type { KeyPolicy } from '../contract/key-policy';
import type { Approval } from './approval';
import { durationText } from './duration';
import { raiseRun } from './failure';
import { isBefore, type Instant } from './instant';
import { claim, isRetiring, subjectOf, type Holder } from './lease';
import type { ManagedKey, KeyVersion, Note } from './managed-key';
import { needsPerson } from './needs-person';
import { nextRun, startable, type NextRun } from './next-run';
import { bakeDeadline, drainUntil, needsRevocationApproval, reasonToAskForRevocation, retirementBlocker } from './retirement';
import { rotationId, type Run } from './rotation-id';
import { TaskError } from './task-error';
import { dueAt, nextWindow, windowAt } from './windows';

/** A dependent's answer to one question about one version. */
export interface DependentAnswer {
  readonly version: number;
  readonly dependent: string;
  readonly phase: 'ready' | 'released';
  readonly verdict: 'yes' | 'no' | 'silent';
}

/** What a plan rests on, as it is known at `at`. */
export interface PlanMaterial {
  readonly key: ManagedKey;
  readonly freeze: Note | null;
  readonly at: Instant;
  /** What is known of the execution that holds the lease. */
  readonly holder?: Holder | undefined;
  /** Executions whose names the plan would use, as far as they exist. */
  readonly executions: ReadonlyMap<string, 'RUNNING' | 'CLOSED'>;
  /** Those that the key names. */
  readonly approvals: readonly Approval[];
  readonly answers: readonly DependentAnswer[];
}

export interface PlannedRun {
  readonly rotationId: string;
  readonly run: Run;
  /** Its steps, in order, if nothing stops it. */
  readonly steps: readonly string[];
}

/** What a firing of the schedule does. */
export type Firing = ({ readonly kind: 'start' } & PlannedRun) | { readonly kind: 'running'; readonly rotationId: string } | { readonly kind: 'wait'; readonly reason: string };

/** The next step of a version's retirement, and what it waits for. */
export interface PlannedRetirement {
  readonly version: number;
  readonly step: 'disable' | 'revoke';
  /** `null` when it has no deadline yet. */
  readonly notBefore: Instant | null;
  readonly waitsFor: readonly string[];
}

export interface KeyPlan {
  readonly key: string;
  /** What the schedule would do now. */
  readonly now: Firing;
  /** The first start from now on, if nobody does anything and nothing ends meanwhile; `null` when time alone starts nothing. */
  readonly next: ({ readonly at: Instant } & PlannedRun) | null;
  /** Who holds the lease, and what it still waits for. */
  readonly owner: { readonly rotationId: string; readonly since: Instant; readonly waitsFor: readonly string[] } | null;
  readonly retirements: readonly PlannedRetirement[];
  readonly needsPerson: readonly string[];
}

/** What happens to a key next, by the rules that the starter and the workflow follow themselves. */
export function planOf(material: PlanMaterial): KeyPlan {
  const { key, freeze, at, approvals } = material;
  const now = firing(material);
  return {
    key: key.name,
    now,
    // What runs is about to own the key.
    next: now.kind === 'running' ? null : nextStart(material),
    owner: key.lease === null ? null : { rotationId: key.lease.rotationId, since: key.lease.grantedAt, waitsFor: ownersWaits(material) },
    retirements: retirementsOf(material),
    needsPerson: needsPerson(key, freeze, approvals, at),
  };
}

/** As the starter does it: candidates come from the index by their due time, and a name that is used up is raised once. */
function firing({ key, freeze, at, holder, executions }: PlanMaterial): Firing {
  if (isBefore(at, key.dueAt)) return { kind: 'wait', reason: reasonIn(startable({ key, freeze }, at, holder)) ?? `not due before ${key.dueAt}` };
  const first = startable({ key, freeze }, at, holder);
  if (first.kind === 'wait') return first;
  const started = named(key, first.run, executions, at, holder);
  if (started !== undefined) return started;
  const decision = raiseRun(key, first.run, at, 'start-due-rotations', holder);
  const raised = decision.kind === 'done' ? key : decision.next;
  const second = nextRun(raised, at, holder);
  if (second.kind === 'wait') return second;
  return named(raised, second.run, executions, at, holder) ?? { kind: 'wait', reason: `${rotationId(key.name, second.run)} is closed, too; the next firing goes on` };
}

function reasonIn(next: NextRun): string | undefined {
  return next.kind === 'wait' ? next.reason : undefined;
}

/** `undefined` when the name of the run is that of a closed execution. */
function named(key: ManagedKey, run: Run, executions: PlanMaterial['executions'], at: Instant, holder: Holder | undefined): Firing | undefined {
  const id = rotationId(key.name, run);
  const status = executions.get(id);
  if (status === 'CLOSED') return undefined;
  return status === 'RUNNING' ? { kind: 'running', rotationId: id } : { kind: 'start', ...planned(key, run, at, holder) };
}

/** Nothing but time decides between these moments. */
function nextStart(material: PlanMaterial): KeyPlan['next'] {
  const { key, at, holder } = material;
  const moments = [at, key.dueAt, key.rotationDueAt, key.retirementDueAt, key.emergency?.dueAt, key.pause?.until, dueAt(key.policy, nextWindow(key.policy, windowAt(key.policy, at)))]
    .filter((moment): moment is Instant => moment != null && !isBefore(moment, at) && !isBefore(moment, key.dueAt))
    .sort();
  let raised = key;
  for (const moment of moments) {
    const { key: met, run } = openRun({ ...material, key: raised }, moment);
    if (run !== undefined) return { at: moment, ...planned(met, run, moment, holder) };
    raised = met;
  }
  return null;
}

/** What would start at a moment, if anything does, under the first name that is not used up; and the key with those raised that are. */
function openRun({ key, freeze, holder, executions }: PlanMaterial, moment: Instant): { readonly key: ManagedKey; readonly run?: Run } {
  let raised = key;
  for (;;) {
    const next = startable({ key: raised, freeze }, moment, holder);
    if (next.kind === 'wait') return { key: raised };
    const status = executions.get(rotationId(key.name, next.run));
    if (status === undefined) return { key: raised, run: next.run };
    const decision = status === 'RUNNING' ? undefined : raiseRun(raised, next.run, moment, 'start-due-rotations', holder);
    if (decision?.kind !== 'write') return { key: raised };
    raised = decision.next;
  }
}

function planned(key: ManagedKey, run: Run, at: Instant, holder: Holder | undefined): PlannedRun {
  const id = rotationId(key.name, run);
  return { rotationId: id, run, steps: stepsOf(key, run, id, at, holder) };
}

/** Claims as the run would, on paper. */
function stepsOf(key: ManagedKey, run: Run, id: string, at: Instant, holder: Holder | undefined): readonly string[] {
  try {
    const decision = claim(key, { rotationId: id, executionArn: '', run, at, ...(holder === undefined ? {} : { holder }) });
    const claimed = decision.kind === 'done' ? key : decision.next;
    const { version, previous, retirement, isRetirementOnly } = subjectOf(claimed, run);
    const made = isRetirementOnly ? [] : makingSteps(claimed, version, previous);
    return [...made, ...(previous === null ? [] : endingSteps(claimed, previous, retirement ?? 'keep'))];
  } catch (error) {
    if (error instanceof TaskError) return [`is refused at first: ${error.message}`];
    throw error;
  }
}

function makingSteps({ policy, versions, name }: ManagedKey, number: number, previous: KeyVersion | null): readonly string[] {
  const begun = Object.values(versions).find((version) => version.number === number);
  const { dependents, alias } = policy;
  return [
    begun === undefined ? `create v${number} of ${name}` : `go on with v${number} of ${name}, which is ${begun.status}`,
    ...(begun?.status === 'ACTIVE' || dependents.length === 0 || previous === null ? [] : [`ask ${dependents.map((dependent) => `${dependent.name} (at most ${durationText(dependent.acknowledgeWithinSeconds)})`).join(', ')}`]),
    ...(begun?.status === 'ACTIVE' ? [] : [`point ${alias} to v${number}${previous === null ? '' : ` instead of v${previous.number}`}`]),
  ];
}

function endingSteps(key: ManagedKey, previous: KeyVersion, retirement: KeyPolicy['retirement']): readonly string[] {
  const version = `v${previous.number}`;
  if (retirement === 'keep') return [`keep ${version}: it decrypts for ever`];
  const { drainSeconds, backupRetentionSeconds, bakeSeconds, deletionWindowDays, emergencyDrainSeconds } = key.policy;
  const drain = previous.compromisedAt === undefined ? Math.max(drainSeconds, backupRetentionSeconds) : emergencyDrainSeconds;
  const drained = previous.status === 'DISABLED' ? [] : [`let ${version} drain ${previous.disableNotBefore === undefined ? `for at least ${durationText(drain)}` : `until ${previous.disableNotBefore}`}, then disable it`];
  if (retirement === 'disable') return drained;
  const consent = needsRevocationApproval(key) ? ', once a person has approved it' : '';
  return [...drained, `let ${version} bake for at least ${durationText(bakeSeconds)}, then schedule its deletion in ${deletionWindowDays} days${consent}`];
}

/** What an owner that is at work waits for, as far as the registry tells. */
function ownersWaits({ key, holder, answers }: PlanMaterial): readonly string[] {
  const { intent, lease, abortRequest } = key;
  const own = Object.values(key.versions).find((version) => version.status === 'PENDING' && version.window === key.window?.id);
  const silent = own === undefined ? [] : unanswered(answers, own.number, 'ready');
  return [
    ...(holder?.closedAt == null ? [] : [`nothing: it ended at ${holder.closedAt} and still holds the lease`]),
    ...(intent === null ? [] : [`its ${intent.kind} of v${intent.version}, which is in doubt since ${intent.at}`]),
    ...silent,
    ...(own === undefined && lease !== null && isRetiring(key) ? ['the retirement below'] : []),
    ...(abortRequest === null ? [] : [`its next step, where it aborts: ${abortRequest.by} asked for it`]),
  ];
}

function unanswered(answers: readonly DependentAnswer[], version: number, phase: DependentAnswer['phase']): readonly string[] {
  return answers
    .filter((answer) => answer.version === version && answer.phase === phase && answer.verdict !== 'yes')
    .map(({ dependent, verdict }) => `${dependent}, which ${verdict === 'no' ? 'said no' : 'has not answered'} whether v${version} is ${phase}`);
}

/** Every version that was replaced and is not ended yet. */
function retirementsOf({ key, at, answers }: PlanMaterial): readonly PlannedRetirement[] {
  return Object.values(key.versions)
    .filter(({ status }) => status === 'DEPRECATED' || status === 'DISABLED')
    .map((version) => {
      const step = version.status === 'DEPRECATED' ? ('disable' as const) : ('revoke' as const);
      const notBefore = (step === 'disable' ? drainUntil(key, version) : bakeDeadline(key, version)) ?? null;
      const blocker = retirementBlocker(key, version, step);
      const isOwners = key.lease !== null && isRetiring(key);
      const waitsFor = [
        ...(blocker === undefined ? [] : [blocker]),
        ...(notBefore !== null && isBefore(at, notBefore) ? [`its ${step === 'disable' ? 'drain' : 'bake'}, until ${notBefore}`] : []),
        ...(step === 'disable' && blocker === undefined ? unanswered(answers, version.number, 'released') : []),
        ...(step === 'revoke' && blocker === undefined ? consentTo(key, version) : []),
        ...(blocker === undefined && !isOwners && key.retirementPending.includes(version.number) ? [`a retirement run, from ${key.retirementDueAt ?? 'no known time'} on`] : []),
      ];
      return { version: version.number, step, notBefore, waitsFor };
    });
}

/** Until CloudTrail has told of keyturn's own failed use, a person is asked, whatever the policy says. */
function consentTo(key: ManagedKey, version: KeyVersion): readonly string[] {
  if (reasonToAskForRevocation(key, version) === undefined) return [];
  return [needsRevocationApproval(key) ? 'an approval that is bound to it' : "CloudTrail's word of keyturn's own failed use, or an approval that is bound to it"];
}
