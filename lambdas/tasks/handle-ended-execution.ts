import { z } from 'zod';
import { alertOf, type Alert } from '../domain/alert';
import { instantOf, type Instant } from '../domain/instant';
import type { ManagedKey, Note } from '../domain/managed-key';
import { isKnownEnd, noteDeadOwner, quarantineForDeadOwner } from '../domain/operations';
import { isEmergencyWaiting } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyReading, Registry } from '../ports/registry';
import { deliver, type AlertPorts } from './alerting';
import { parsedJson } from './parsed-json';

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
export const executionEvent = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  source: z.literal('aws.states'),
  detail: z.object({
    executionArn: z.string().min(1),
    name: z.string().min(1).max(80),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    /** JSON text. */
    input: z.string().nullish(),
    stopDate: z.number(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

export interface HandleEndedExecutionOutput {
  readonly outcome: Aftermath | 'looked-at' | 'not-ours';
}

/** What keeps the key from going on by itself: nothing, if an approved emergency takes it over. */
export type Aftermath = 'quarantined' | 'frozen' | 'left-to-emergency';

/**
 * Handle Ended Execution: an execution ended without giving the key back. It acts only if the lease names that execution: the key is quarantined, so
 * that nothing but an approved emergency starts before a person has looked, and somebody is told. The lease stays for the next owner to take over.
 */
export function handleEndedExecution(ports: AlertPorts) {
  return async ({ detail }: z.infer<typeof executionEvent>): Promise<HandleEndedExecutionOutput> => {
    const name = keyNameOf(detail.input);
    const reading = name === undefined ? undefined : await ports.registry.read(name);
    if (reading === undefined || name === undefined || reading.key.lease?.rotationId !== detail.name) return { outcome: 'not-ours' };
    const outcome = await standStill(ports, reading, {
      rotationId: detail.name,
      executionArn: detail.executionArn,
      at: instantOf(detail.stopDate),
      what: `ended ${detail.status}${detail.error == null ? '' : ` with ${detail.error}`}`,
      cause: detail.cause ?? '',
      noticedBy: 'handle-ended-execution',
    });
    return { outcome };
  };
}

/** An execution that ended and still holds the lease. */
export interface EndedOwner {
  readonly rotationId: string;
  readonly executionArn: string;
  readonly at: Instant;
  /** How it ended, in a few words. */
  readonly what: string;
  readonly cause: string;
  readonly noticedBy: string;
}

/** What was told of before: where the same end is looked at again and again, it is told of once. */
export interface Memory {
  readonly isTold: (alertId: string) => boolean;
  readonly remember: (alertId: string) => void;
}

/** An event is delivered again a few times at most. */
const NONE: Memory = { isTold: () => false, remember: () => undefined };

/**
 * Quarantines the key of an owner that has ended, and tells people. The alert is written down first: whoever finds the key quarantined may trust that
 * people hear of it. The event of the end and a reconciliation raise the same alert.
 * @returns `looked-at` when nothing was done: people know of this end already, or another run owns the key by now
 */
export async function standStill(ports: AlertPorts, { key, freeze }: KeyReading, ended: EndedOwner, memory = NONE): Promise<Aftermath | 'looked-at'> {
  if (isKnownEnd(key, ended.rotationId, ended.at)) return 'looked-at';
  const expected = freeze === null ? aftermathOf(decided(key, ended), ended) : 'frozen';
  if (expected === 'looked-at') return expected;
  const alert = endAlert(key, ended, expected);
  const isTold = memory.isTold(alert.id);
  if (!isTold) {
    await ports.registry.queueAlert(alert);
    memory.remember(alert.id);
  }
  const outcome = freeze === null ? await stop(ports.registry, key.name, ended) : await note(ports.registry, key.name, ended);
  // Whoever came in between has dealt with the end. What was written down is told all the same: of an alert nothing is lost.
  if (!isTold) await deliver(ports, alert);
  if (outcome !== expected && outcome !== 'looked-at') await deliver(ports, endAlert(key, ended, outcome));
  return outcome;
}

/** The key as it will stand, unless somebody comes in between. */
function decided(key: ManagedKey, ended: EndedOwner): ManagedKey {
  const decision = quarantineForDeadOwner(key, ended.rotationId, noteOf(ended));
  return decision.kind === 'write' ? decision.next : key;
}

function aftermathOf(key: ManagedKey, { rotationId }: EndedOwner): Aftermath | 'looked-at' {
  if (key.lease?.rotationId !== rotationId) return 'looked-at';
  if (key.quarantine !== null) return 'quarantined';
  return isEmergencyWaiting(key) ? 'left-to-emergency' : 'looked-at';
}

const reasonOf = ({ rotationId, what }: EndedOwner): string => `${rotationId} ${what} and did not give the key back`;

function endAlert(key: ManagedKey, ended: EndedOwner, outcome: Aftermath): Alert {
  const { rotationId, executionArn, at, what, cause, noticedBy } = ended;
  const { name } = key;
  return alertOf({
    // The same for whoever notices the end.
    id: `${rotationId}/ended/${at}/${outcome}`,
    key: name,
    owner: key.policy.owner,
    rotationId,
    executionArn,
    stage: noticedBy,
    severity: outcome === 'left-to-emergency' ? 'note' : 'page',
    headline: `an execution ${what} and still holds the key`,
    reason: `${reasonOf(ended)}. ${cause}`.trim(),
    isEncryptionImpacted: 'No: whatever was under way is either finished or withdrawn before anything else starts.',
    isDecryptionValid: decryptionAfter(key),
    mustCustomerAct: 'No.',
    isInterventionSafe: 'Yes, with the commands below. Never delete the lease, never move the alias by hand.',
    next: NEXT[outcome],
    commands: ['keyturn status <key>', 'keyturn history <key>', ...(isRetirementOpen(key) ? [HOLD] : []), ...COMMANDS[outcome]].map((command) => command.replace('<key>', name)),
    runbook: 'execution-ended-from-outside',
  });
}

const HOLD = 'keyturn hold <key> --reason …     # cancels a deletion';

function isRetirementOpen({ intent }: ManagedKey): boolean {
  return intent?.kind === 'disable' || intent?.kind === 'revoke';
}

/** The call behind an open intent may be under way, and nobody can stop it any more. */
function decryptionAfter(key: ManagedKey): string {
  const { intent } = key;
  if (intent === null || !isRetirementOpen(key)) return 'Yes. Nothing is disabled or revoked before the lease has been taken over.';
  const effect = intent.kind === 'disable' ? 'is disabled then' : 'is scheduled for deletion then, unless the key is held';
  return `As before, so far. Its intent to ${intent.kind} v${intent.version} is open: the call may still take effect, and v${intent.version} ${effect}. The other versions stay as they are.`;
}

const NEXT: Readonly<Record<Aftermath, string>> = {
  quarantined: 'The key is quarantined. Once that is lifted, the next run takes the lease over and goes on.',
  frozen: 'The key is frozen and stays so until it is repaired. Then the next run takes the lease over and goes on.',
  'left-to-emergency': 'The approved emergency takes the lease over as soon as nothing of the ended execution can be under way.',
};

const COMMANDS: Readonly<Record<Aftermath, readonly string[]>> = {
  quarantined: ['keyturn lift <key> --reason …'],
  frozen: ['keyturn repair <key> --help'],
  'left-to-emergency': [],
};

/** A freeze that comes in meanwhile is stronger than a quarantine. */
async function stop(registry: Registry, name: string, ended: EndedOwner): Promise<Aftermath | 'looked-at'> {
  try {
    return aftermathOf(await registry.transact(name, (current) => quarantineForDeadOwner(current, ended.rotationId, noteOf(ended))), ended);
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'KeyFrozen') throw error;
    return note(registry, name, ended);
  }
}

/** A frozen key stands still already. A broken ledger takes no note of it. */
async function note(registry: Registry, name: string, ended: EndedOwner): Promise<Aftermath | 'looked-at'> {
  try {
    const key = await registry.transactFrozen(name, (current) => noteDeadOwner(current, ended.rotationId, noteOf(ended)));
    return key.lease?.rotationId === ended.rotationId ? 'frozen' : 'looked-at';
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'LedgerMismatch') throw error;
    return 'frozen';
  }
}

function noteOf(ended: EndedOwner): Note {
  return { by: ended.noticedBy, at: ended.at, reason: reasonOf(ended) };
}

/** The managed key's name, from the execution's input. */
function keyNameOf(input: string | null | undefined): string | undefined {
  const parsed = z.object({ key: z.string().min(1) }).safeParse(parsedJson(input ?? ''));
  return parsed.success ? parsed.data.key : undefined;
}
