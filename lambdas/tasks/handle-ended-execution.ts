import { z } from 'zod';
import { alertOf } from '../domain/alert';
import { instantOf } from '../domain/instant';
import { quarantine } from '../domain/operations';
import { TaskError } from '../domain/task-error';
import type { Registry } from '../ports/registry';
import { deliver, type AlertPorts } from './alerting';

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
  readonly outcome: 'quarantined' | 'not-ours';
}

/**
 * Handle Ended Execution: an execution ended other than through its own last state. It acts only if the lease names that execution: the key is
 * quarantined, so that nothing starts before a person has looked, and somebody is told. The lease stays for the next owner to take over.
 */
export function handleEndedExecution(ports: AlertPorts) {
  return async ({ detail }: z.infer<typeof executionEvent>): Promise<HandleEndedExecutionOutput> => {
    const name = keyNameOf(detail.input);
    const reading = name === undefined ? undefined : await ports.registry.read(name);
    if (reading === undefined || name === undefined || reading.key.lease?.rotationId !== detail.name) return { outcome: 'not-ours' };
    const at = instantOf(detail.stopDate);
    const reason = `${detail.name} ended ${detail.status}${detail.error == null ? '' : ` with ${detail.error}`} and did not give the key back`;
    if (reading.freeze === null) await quarantineUnlessFrozen(ports.registry, name, { by: 'handle-ended-execution', at, reason });
    const { key } = reading;
    await deliver(
      ports,
      alertOf({
        id: `${detail.name}/ended/${at}`,
        key: name,
        owner: key.policy.owner,
        rotationId: detail.name,
        executionArn: detail.executionArn,
        stage: 'handle-ended-execution',
        severity: 'page',
        headline: `execution ${detail.status} from outside its own states`,
        reason: `${reason}. ${detail.cause ?? ''}`.trim(),
        isEncryptionImpacted: 'No: whatever was under way is either finished or withdrawn before anything else starts.',
        isDecryptionValid: 'Yes. Nothing is disabled or revoked while the key is quarantined.',
        mustCustomerAct: 'No.',
        isInterventionSafe: 'Yes, with the commands below. Never delete the lease, never move the alias by hand.',
        next: reading.freeze === null ? 'The key is quarantined. Once that is lifted, the next run takes the lease over and goes on.' : 'The key is frozen and stays so until it is repaired.',
        commands: [`keyturn status ${name}`, `keyturn history ${name}`, reading.freeze === null ? `keyturn lift ${name} --reason …` : `keyturn repair ${name} --help`],
        runbook: 'execution-ended-from-outside',
      }),
    );
    return { outcome: 'quarantined' };
  };
}

/** A freeze that comes in meanwhile is stronger than a quarantine. */
async function quarantineUnlessFrozen(registry: Registry, name: string, note: { by: string; at: string; reason: string }): Promise<void> {
  try {
    await registry.transact(name, (key) => (key.lease?.rotationId === undefined ? { kind: 'done' } : quarantine(key, note)));
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'KeyFrozen') throw error;
  }
}

/** The managed key's name, from the execution's input. */
function keyNameOf(input: string | null | undefined): string | undefined {
  const parsed = z.object({ key: z.string().min(1) }).safeParse(parseJson(input ?? ''));
  return parsed.success ? parsed.data.key : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
