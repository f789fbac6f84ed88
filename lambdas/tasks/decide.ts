import { z } from 'zod';
import { isWaitedFor, vote, type Approval, type Vote } from '../domain/approval';
import type { Caller } from '../domain/caller';
import type { IdentityRules } from '../domain/identity';
import { versionOf, type ManagedKey } from '../domain/managed-key';
import { liftQuarantine } from '../domain/operations';
import { describeRepair, repairSchema, type Repair } from '../domain/repair';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { Registry } from '../ports/registry';
import { askPerson, type Asked, type AskPorts } from './ask-person';
import { carryOut, type CarryOutPorts } from './carry-out';
import { keyName, reason, told, type Told } from './people';
import { wakeWaiter } from './waiting';

const approval = z.string().regex(/^[0-9a-f]{20}$/, { error: 'an approval id has 20 hexadecimal digits; keyturn approvals lists them' });

/** What may be posted to the decide URL. */
export const decideBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('answer'), approvalId: approval, answer: z.enum(['approve', 'deny', 'resume', 'abort']), reason }),
  z.strictObject({ action: z.literal('repair'), key: keyName, repair: repairSchema, reason }),
  z.strictObject({ action: z.literal('break-glass'), key: keyName, reason }),
  z.strictObject({ action: z.literal('lift'), key: keyName, reason }),
]);
type Body = z.infer<typeof decideBody>;

interface Ports extends AskPorts, CarryOutPorts {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly rules: IdentityRules;
}

/** How often an answer is counted again because another one came in between. */
const MAX_COUNTS = 5;

/** Decide: answers approvals, and asks for those that only a person can ask for. */
export function decide(ports: Ports) {
  return async (body: Body, caller: Caller): Promise<Told> => {
    switch (body.action) {
      case 'answer':
        return answer(ports, body, caller);
      case 'lift':
        return lift(ports.registry, body, caller);
      case 'repair':
        return ask(
          ports,
          body.key,
          caller,
          {
            purpose: 'repair',
            question: `${body.key} is frozen. ${capitalized(describeRepair(body.repair))}? (${body.reason})`,
            facts: { repair: JSON.stringify(body.repair), reason: body.reason },
          },
          (key) => unknownVersion(key, body.repair),
        );
      case 'break-glass':
        return ask(ports, body.key, caller, { purpose: 'break-glass', question: `Stop the execution that owns ${body.key}, so that another takes over? (${body.reason})`, facts: { reason: body.reason } });
    }
  };
}

/** Records one answer and, when it decides, carries out what was approved. */
async function answer(ports: Ports, body: Extract<Body, { action: 'answer' }>, caller: Caller): Promise<Told> {
  const ballot: Vote = { answer: body.answer, by: caller.arn, at: caller.at, reason: body.reason };
  for (let count = 1; count <= MAX_COUNTS; count++) {
    const known = await ports.approvals.read(body.approvalId);
    if (known === undefined) return told('refused', `there is no approval ${body.approvalId}; nothing was changed`);
    const { key, freeze } = await readKeyOf(ports.registry, known);
    if (freeze !== null && known.purpose !== 'repair') {
      return told('refused', `${known.key} is frozen: ${freeze.reason}. Repair it first (keyturn repair ${known.key}); nothing was changed`);
    }
    const counted = vote(known, ballot, key, ports.rules);
    if (counted.kind === 'refused') return told('refused', `${counted.reason}${await wakeVoid(ports, known, key.rev)}`);
    if (counted.kind === 'recorded' && (await ports.approvals.record(known, counted.approval)) === 'conflict') continue;
    if (counted.approval.outcome === null) {
      return told('asked', `counted; ${counted.approval.approversNeeded} different people must approve ${known.id}`, { approvalId: known.id });
    }
    // What it meant was done once. Said again later it would be about another state of the key, which nobody has consented to.
    if (counted.kind === 'repeated' && counted.approval.isCarriedOut === true) return told('unchanged', `${known.id}: ${counted.approval.outcome}. That was carried out before; nothing was changed`, { approvalId: known.id });
    const result = await carryOut(ports, counted.approval);
    return told(counted.kind === 'repeated' ? 'unchanged' : 'done', `${known.id}: ${counted.approval.outcome}. ${result}`, { approvalId: known.id });
  }
  throw new TaskError('RegistryBusy', `approval ${body.approvalId} was answered by others ${MAX_COUNTS} times while this answer was counted; answer again`);
}

/** Whoever waits for the answer to a question that is void asks it anew. @returns what to tell about it */
async function wakeVoid(ports: Ports, known: Approval, rev: number): Promise<string> {
  if (!isWaitedFor(known) || known.rev === rev || !(await wakeWaiter(ports, known))) return '';
  return `. ${known.rotationId ?? 'The execution'} was woken and asks anew about the key as it is now`;
}

async function readKeyOf(registry: Registry, { key: name, id }: Approval) {
  const reading = await registry.read(name);
  if (reading === undefined) throw new TaskError('KeyNotRegistered', `approval ${id} is about ${name}, which is not in the registry`);
  return reading;
}

/** A quarantine ends by one person who has looked. */
async function lift(registry: Registry, { key: name, reason: why }: Extract<Body, { action: 'lift' }>, caller: Caller): Promise<Told> {
  const seen = { isQuarantined: false };
  await registry.transact(name, (key) => {
    seen.isQuarantined = key.quarantine !== null;
    return liftQuarantine(key, { by: caller.arn, at: caller.at, reason: why });
  });
  return seen.isQuarantined ? told('done', `${name}: the quarantine is lifted; the next firing of the schedule goes on`) : told('unchanged', `${name} is not quarantined`);
}

/** Nobody is asked to approve what cannot be done. Versions that have ended for good are not among those that a repair can change. */
function unknownVersion(key: ManagedKey, repair: Repair): string | undefined {
  if ((repair.kind !== 'enable' && repair.kind !== 'cancel-deletion') || versionOf(key, repair.version) !== undefined) return undefined;
  const known = Object.values(key.versions).map(({ number, status }) => `v${number} (${status})`).join(', ');
  return `${key.name} has no v${repair.version} that a repair could change; it has ${known === '' ? 'none' : known}. Nothing was asked`;
}

/** Asks for something that somebody else must approve. Asking the same twice is one question. */
async function ask(ports: Ports, name: string, caller: Caller, asked: Asked, objection: (key: ManagedKey) => string | undefined = () => undefined): Promise<Told> {
  const reading = await ports.registry.read(name);
  if (reading === undefined) return told('refused', `${name} is not in the registry`);
  const { key, freeze } = reading;
  if (asked.purpose === 'repair' && freeze === null) return told('refused', `${name} is not frozen; there is nothing to repair`);
  if (asked.purpose === 'break-glass' && key.lease === null) return told('refused', `nobody owns ${name}; there is nothing to break`);
  const objected = objection(key);
  if (objected !== undefined) return told('refused', objected);
  const approval = await askPerson(ports, key, caller, asked);
  return told('asked', `another person must approve ${approval.id}: ${approval.question}`, { approvalId: approval.id });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
