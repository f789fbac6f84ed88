import { z } from 'zod';
import type { Caller } from '../domain/caller';
import type { Decision } from '../domain/ledger';
import type { ManagedKey, Note } from '../domain/managed-key';
import { endPause, releaseHold, requestAbort, setHold, setPause } from '../domain/operations';
import { deletionsToCancel } from '../domain/rescue';
import type { Rescuer } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { transactAnyway } from './frozen-writes';
import { keyName, reason, told, type Told } from './people';

/** What may be posted to the operate URL. */
export const operateBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('hold'), key: keyName, reason }),
  z.strictObject({ action: z.literal('release'), key: keyName, reason }),
  z.strictObject({ action: z.literal('pause'), key: keyName, reason, until: z.iso.datetime({ offset: true }) }),
  z.strictObject({ action: z.literal('resume'), key: keyName, reason }),
  z.strictObject({ action: z.literal('abort'), key: keyName, reason }),
]);
type Body = z.infer<typeof operateBody>;

interface Ports {
  readonly registry: Registry;
  readonly rescuer: Rescuer;
}

/** Operate: hold, pause and abort. All of it makes a key stand stiller; only `release` and `resume` let it move again. */
export function operate(ports: Ports) {
  return async (body: Body, caller: Caller): Promise<Told> => {
    const note: Note = { by: caller.arn, at: caller.at, reason: body.reason };
    switch (body.action) {
      case 'hold':
        return hold(ports, body.key, note);
      case 'release':
        return change(ports.registry, body.key, (key) => releaseHold(key, note), 'released: retirements may go on', 'no hold to release');
      case 'pause':
        return change(ports.registry, body.key, (key) => setPause(key, note, body.until), `paused until ${body.until}; what runs goes on`, 'paused so already');
      case 'resume':
        return change(ports.registry, body.key, (key) => endPause(key, note), 'the pause has ended', 'not paused');
      case 'abort':
        return change(
          ports.registry,
          body.key,
          (key) => requestAbort(key, note),
          'the owner aborts at its next step; if it waits, that is when its wait ends (keyturn status tells)',
          'an abort was requested before',
        );
    }
  };
}

/** A hold wins also over a freeze: it only takes permissions away. A deletion that is scheduled already is cancelled. */
async function hold({ registry, rescuer }: Ports, name: string, note: Note): Promise<Told> {
  const held = await transactAnyway(registry, name, (key) => setHold(key, note));
  const revoked = deletionsToCancel(held, false);
  if (revoked.length === 0) return told('done', `${name} is held: nothing is disabled or revoked until it is released`);
  const versions = revoked.map(({ number }) => `v${number}`).join(', ');
  const isCancelled = await rescuer.cancelDeletions(name, note);
  return told('done', isCancelled ? `${name} is held, and the scheduled deletion of ${versions} was cancelled` : `${name} is held; no deletion is scheduled; if one is under way it is cancelled by the next reconciliation`);
}

async function change(registry: Registry, name: string, decide: (key: ManagedKey) => Decision, done: string, unchanged: string): Promise<Told> {
  const seen = { isChange: false };
  await registry.transact(name, (key) => {
    const decision = decide(key);
    seen.isChange = decision.kind === 'write';
    return decision;
  });
  return seen.isChange ? told('done', `${name}: ${done}`) : told('unchanged', `${name}: ${unchanged}`);
}
