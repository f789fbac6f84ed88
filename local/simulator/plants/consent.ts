import { versionKey } from '../../../lambdas/domain/managed-key';
import type { Plant } from './plant';
import { together, withHandler, withPort, withStates, withView, withWrites } from './replace';

const FAR_AHEAD = '2100-01-01T00:00:00.000Z';
const WEEK_SECONDS = 7 * 86_400;

/** What only people may allow: who may, until when, and what exactly. */
export const CONSENT: readonly Plant[] = [
  {
    name: 'requester-approves',
    off: 'people may approve what they have requested',
    replacements: withPort('approvals', (real) => ({ read: async (id) => changedIfThere(await real.read(id), { requestedBy: 'nobody' }) }), 'decide'),
  },
  {
    name: 'one-approver-is-enough',
    off: 'the consent of one person counts where the policy wants two',
    replacements: withPort('approvals', (real) => ({ read: async (id) => changedIfThere(await real.read(id), { approversNeeded: 1 }) })),
  },
  {
    name: 'late-approval-accepted',
    off: 'an approval does not expire',
    replacements: together(
      withStates({ 'Await Approval': (state) => ({ ...state, TimeoutSeconds: WEEK_SECONDS }) }),
      withPort('approvals', (real) => ({ read: async (id) => changedIfThere(await real.read(id), { expiresAt: FAR_AHEAD }) })),
    ),
  },
  {
    name: 'approval-of-another-state',
    off: 'an approval is not bound to the state of the key that it was asked for',
    replacements: withView((key) => ({ ...key, rev: 1 })),
  },
  {
    name: 'callback-trusted',
    off: 'whoever wakes a waiting execution has consented, whatever was answered',
    replacements: withHandler(() => async () => ({ answer: 'consented', isFrozen: false, reason: 'it was woken' }), 'read-approval'),
  },
  {
    name: 'emergency-marks-another-version',
    off: 'an emergency marks the version that it makes, and not the compromised one',
    replacements: withWrites((next, before) => {
      const { emergency } = next;
      const marked = emergency === null ? undefined : next.versions[versionKey(emergency.version)];
      if (marked?.compromisedAt === undefined || before.versions[versionKey(marked.number)]?.compromisedAt !== undefined) return next;
      const { compromisedAt, ...unmarked } = marked;
      const others = Object.entries(next.versions).map(([id, version]) => [id, version.number === marked.number ? unmarked : { ...version, compromisedAt }] as const);
      return { ...next, versions: Object.fromEntries(others) };
    }, 'claim-rotation'),
  },
];

function changedIfThere<T extends object>(item: T | undefined, changes: Partial<T>): T | undefined {
  return item === undefined ? undefined : { ...item, ...changes };
}
