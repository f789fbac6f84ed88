import { withUnconfirmedDrainsBegun } from '../../lambdas/domain/drain';
import { beginEmergency } from '../../lambdas/domain/emergency';
import { plusSeconds } from '../../lambdas/domain/instant';
import { withRetirementsLeft } from '../../lambdas/domain/lease';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { bootstrapped, disabled, draining, LATE, NEXT_AT } from './living-key';
import { endangered } from './runs';

/** v2 was promoted, and its execution ended before Confirm Promotion. */
function unconfirmed(policy: Parameters<typeof draining>[0] = {}): ManagedKey {
  const { key } = draining(policy);
  const { drainFrom: _drainFrom, disableNotBefore: _disableNotBefore, ...version } = key.versions['v1']!;
  return { ...key, versions: { ...key.versions, v1: version } };
}

describe('a version whose replacement nobody has confirmed', () => {
  test('drains from the moment on at which a later run goes on, and is retired by a run of its own', () => {
    const key = withRetirementsLeft({ ...unconfirmed({ drainSeconds: 100 }), lease: null }, LATE);
    expect(key.versions['v1']).toMatchObject({ drainFrom: LATE, disableNotBefore: plusSeconds(LATE, 100) });
    expect(key.retirementPending).toEqual([1]);
    expect(withRetirementsLeft(key, plusSeconds(LATE, 50)).versions['v1']).toEqual(key.versions['v1']);
  });

  test('has the short deadline of an emergency when it is compromised', () => {
    const key = { ...unconfirmed({ drainSeconds: 10 * 86_400, emergencyDrainSeconds: 7200 }), emergency: { ...endangered().key.emergency!, version: 1 } };
    expect(beginEmergency(key, LATE).versions['v1']).toMatchObject({ compromisedAt: LATE, drainFrom: LATE, disableNotBefore: plusSeconds(LATE, 7200) });
  });

  test('gets no deadline, and no run, when versions are kept', () => {
    const key = withRetirementsLeft({ ...unconfirmed({ retirement: 'keep' }), lease: null }, LATE);
    expect(key.versions['v1']).toMatchObject({ drainFrom: LATE });
    expect(key.versions['v1']).not.toHaveProperty('disableNotBefore');
    expect(key.retirementPending).toEqual([]);
  });
});

test.each([['drains', draining], ['bakes', disabled], ['is ACTIVE', bootstrapped]])('a version that %s already keeps its deadlines', (_, make) => {
  const { key } = make();
  expect(withUnconfirmedDrainsBegun(key, plusSeconds(NEXT_AT, 1))).toBe(key);
});

test.each<[string, Partial<KeyVersion>]>([
  ['DEPRECATED that nothing has replaced', { status: 'DEPRECATED', supersededBy: undefined } as never],
  ['replaced that is not DEPRECATED any more', { status: 'REVOKED', supersededBy: 2 }],
])('a version that is %s begins no drain', (_, change) => {
  const key = unconfirmed();
  const changed: ManagedKey = { ...key, versions: { ...key.versions, v1: { ...key.versions['v1']!, ...change } } };
  expect(withUnconfirmedDrainsBegun(changed, LATE)).toBe(changed);
});
