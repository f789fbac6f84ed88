import { plusSeconds, type Instant } from '../../../lambdas/domain/instant';
import type { Plant } from './plant';
import { changed, type Payload, withHandler, withPort, withStates, withView, withWrites } from './replace';

const LEASE_SECONDS = 3600;
const LONG_AGO: Instant = '2000-01-01T00:00:00.000Z';

/** Who may change a key, and when another may: lease, fencing token, settling, and the execution's name. */
export const OWNERSHIP: readonly Plant[] = [
  {
    name: 'no-claim',
    off: 'the lease is granted to whoever asks',
    replacements: withView((key) => ({ ...key, lease: null }), 'claim-rotation', 'start-due-rotations'),
  },
  {
    name: 'lease-by-wall-clock',
    off: 'a lease ends an hour after it was granted, although its owner lives',
    replacements: {
      composition: (composition) => {
        const grants = new Map<string, Instant>();
        const registry = composition.registry();
        const executions = composition.executions();
        const isGranted = (name: string): boolean => [...grants.keys()].some((arn) => arn.endsWith(`:${name}`));
        return changed(composition, {
          registry: () =>
            changed(registry, {
              read: async (name) => {
                const reading = await registry.read(name);
                const lease = reading?.key.lease ?? null;
                if (lease !== null) grants.set(lease.executionArn, lease.grantedAt);
                return reading;
              },
            }),
          executions: () =>
            changed(executions, {
              closedAt: async (arn) => {
                const grantedAt = grants.get(arn);
                return (await executions.closedAt(arn)) ?? (grantedAt === undefined ? null : plusSeconds(grantedAt, LEASE_SECONDS));
              },
              status: async (name) => (isGranted(name) ? 'CLOSED' : executions.status(name)),
            }),
        });
      },
    },
  },
  {
    name: 'takeover-at-once',
    off: "a dead owner's lease is taken over without waiting until nothing of it is under way",
    faults: ['emergency'],
    replacements: withPort('executions', (real) => ({ closedAt: async (arn) => ((await real.closedAt(arn)) == null ? null : LONG_AGO) })),
  },
  {
    name: 'no-settling',
    off: 'after an uncertain outcome nobody waits for Q',
    replacements: withStates({ Quiesce: (state) => ({ ...state, Seconds: 0 }) }),
  },
  {
    name: 'abort-without-settling',
    off: 'an abort does not take the fencing token back first',
    replacements: withStates({ 'Choose Response': (state) => ({ ...state, Default: 'Abort Safely' }) }),
  },
  {
    name: 'old-token-accepted',
    off: 'a function reads the fencing token anew instead of bringing the one that its execution was granted',
    replacements: withHandler((handle, composition) => async (event, context) => {
      const { key, fence } = event as Payload;
      const reading = typeof key === 'string' && typeof fence === 'number' ? await composition.registry().read(key) : undefined;
      return handle(reading === undefined ? event : { ...(event as Payload), fence: reading.key.fence }, context);
    }),
  },
  {
    name: 'token-not-raised',
    off: 'a claim does not raise the fencing token',
    replacements: withWrites((next, before) => ({ ...next, fence: before.fence }), 'claim-rotation'),
  },
  {
    name: 'time-stamp-in-name',
    off: 'the name of an execution is another at every start, as with a time stamp in it',
    replacements: {
      definition: (_machine, text) => text.replaceAll('$states.context.Execution.Name', "$substringBefore($states.context.Execution.Name, '-at-')"),
      composition: (composition) => {
        const real = composition.executions();
        let starts = 0;
        return changed(composition, { executions: () => changed(real, { start: (name, input) => real.start(`${name}-at-${++starts}`, input) }) });
      },
    },
  },
];
