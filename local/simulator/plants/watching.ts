import type { Plant } from './plant';
import { together, withHandler, withPort } from './replace';

/** Who notices what went wrong, and tells people. */
export const WATCHING: readonly Plant[] = [
  {
    name: 'ended-executions-unnoticed',
    off: 'neither the event of an execution that ended nor the reconciliation looks at who still holds a lease',
    replacements: together(
      withHandler(() => async () => ({ outcome: 'not-ours' }), 'handle-ended-execution'),
      withPort('executions', () => ({ closedAt: async () => null }), 'reconcile'),
    ),
  },
  {
    name: 'no-outbox',
    off: 'an alert is not written down before it is published',
    replacements: withPort('registry', () => ({ queueAlert: async () => undefined })),
  },
  {
    name: 'no-rescue',
    off: 'the failed use of a retired version is not followed',
    faults: ['old-key-in-use'],
    replacements: withHandler(() => async () => ({ outcome: 'nothing-to-rescue', versions: [] }), 'rescue-version'),
  },
  {
    name: 'rescue-throws',
    off: 'the rescue of a late user fails at each of its tries',
    faults: ['old-key-in-use'],
    replacements: withHandler(() => async () => Promise.reject(new TypeError('planted')), 'rescue-version'),
  },
];
