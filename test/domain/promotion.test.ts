import { plusSeconds } from '../../lambdas/domain/instant';
import { claim } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { commitPromotion, compareAlias, confirmPromotion, intendPromote, withdrawPromotion } from '../../lambdas/domain/promotion';
import { AT, bootstrapped, claimed, draining, NEXT_AT, NEXT_WINDOW, prepare, request, type LivingKey, error } from './living-key';

/** v1 ACTIVE, v2 proved, owned. */
function prepared(): LivingKey {
  const living = bootstrapped();
  living.apply(claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT)));
  return prepare(living, 2, NEXT_AT);
}

/** The same with an open promote intent. */
function intended(): LivingKey {
  const living = prepared();
  living.apply(intendPromote(living.key, living.owner(), 2, NEXT_AT));
  return living;
}

describe('a promote intent', () => {
  test('names both sides', () => {
    expect(intended().key.intent).toEqual({ kind: 'promote', version: 2, fromKeyId: 'k1', toKeyId: 'k2', at: NEXT_AT });
    const first = prepare(claimed(), 1);
    first.apply(intendPromote(first.key, first.owner(), 1, AT));
    expect(first.key.intent).toMatchObject({ fromKeyId: null, toKeyId: 'k1' });
  });

  test('is written once', () => {
    const living = intended();
    expect(intendPromote(living.key, living.owner(), 2, NEXT_AT)).toEqual({ kind: 'done' });
  });

  test.each(['kmsKeyId', 'provedAt', 'equippedAt'] as const)('is refused for a version without %s', (field) => {
    const living = prepared();
    const { [field]: _missing, ...v2 } = living.key.versions['v2']!;
    const key: ManagedKey = { ...living.key, versions: { ...living.key.versions, v2 } };
    expect(() => intendPromote(key, living.owner(), 2, NEXT_AT)).toThrow(/not a proved PENDING version/);
  });

  test('is refused for a version that was superseded', () => {
    const living = draining();
    expect(() => intendPromote(living.key, living.owner(), 1, NEXT_AT)).toThrow(error({ name: 'LedgerMismatch' }));
  });

  test('is not written over another intent', () => {
    const living = prepared();
    const busy: ManagedKey = { ...living.key, intent: { kind: 'disable', version: 1, at: NEXT_AT } };
    expect(() => intendPromote(busy, living.owner(), 2, NEXT_AT)).toThrow(/open disable intent for v1/);
  });

  test('is withdrawn, and only it', () => {
    const living = intended();
    living.apply(withdrawPromotion(living.key, living.owner(), NEXT_AT));
    expect(living.key.intent).toBeNull();
    expect(withdrawPromotion(living.key, living.owner(), NEXT_AT)).toEqual({ kind: 'done' });
  });
});

describe('the commit', () => {
  test('makes the new version ACTIVE and the old one DEPRECATED in one write', () => {
    const living = intended();
    living.apply(commitPromotion(living.key, living.owner(), 2, NEXT_AT));
    expect(living.key).toMatchObject({
      intent: null,
      versions: { v1: { status: 'DEPRECATED', supersededBy: 2, deprecatedAt: NEXT_AT }, v2: { status: 'ACTIVE', activatedAt: NEXT_AT } },
    });
    expect(living.ledger.at(-1)?.moves).toEqual([
      { version: 1, from: 'ACTIVE', to: 'DEPRECATED' },
      { version: 2, from: 'PENDING', to: 'ACTIVE' },
    ]);
    expect(commitPromotion(living.key, living.owner(), 2, NEXT_AT)).toEqual({ kind: 'done' });
  });

  test('needs its open intent', () => {
    const living = prepared();
    expect(() => commitPromotion(living.key, living.owner(), 2, NEXT_AT)).toThrow(/no open promote intent to commit/);
  });
});

describe('the confirmation', () => {
  test('fixes the drain deadline once', () => {
    const living = draining({ drainSeconds: 100 });
    expect(living.key.versions['v1']).toMatchObject({ drainFrom: NEXT_AT, disableNotBefore: plusSeconds(NEXT_AT, 100) });
    expect(confirmPromotion(living.key, living.owner(), 2, plusSeconds(NEXT_AT, 50))).toEqual({ kind: 'done' });
  });

  test('takes the longest of drain and backups, of the pinned and the current policy', () => {
    const living = intended();
    living.apply(commitPromotion(living.key, living.owner(), 2, NEXT_AT));
    const deadline = (change: object): string | undefined => {
      const key: ManagedKey = { ...living.key, policy: { ...living.key.policy, ...change } };
      const decision = confirmPromotion(key, living.owner(), 2, NEXT_AT);
      return decision.kind === 'write' ? decision.next.versions['v1']?.disableNotBefore : undefined;
    };
    const pinned = 30 * 86_400;
    expect(deadline({ drainSeconds: 1 })).toBe(plusSeconds(NEXT_AT, pinned));
    expect(deadline({ drainSeconds: pinned + 5 })).toBe(plusSeconds(NEXT_AT, pinned + 5));
    expect(deadline({ backupRetentionSeconds: pinned + 9 })).toBe(plusSeconds(NEXT_AT, pinned + 9));
  });

  test('of a bootstrap has nothing to drain', () => {
    const living = bootstrapped();
    living.apply(claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT)));
    expect(confirmPromotion(living.key, living.owner(), 1, NEXT_AT)).toEqual({ kind: 'done' });
  });
});

describe('the alias', () => {
  const soon = plusSeconds(NEXT_AT, 3899);
  const late = plusSeconds(NEXT_AT, 3900);
  test.each<[string, ManagedKey, string | undefined, string, string]>([
    ['that is missing before a bootstrap', claimed().key, undefined, AT, 'as-registered'],
    ['of somebody before a bootstrap', claimed().key, 'kx', AT, 'unexpected'],
    ['on the ACTIVE key', prepared().key, 'k1', NEXT_AT, 'as-registered'],
    ['on a PENDING key without an intent', prepared().key, 'k2', NEXT_AT, 'unexpected'],
    ['that is gone', prepared().key, undefined, NEXT_AT, 'unexpected'],
    ['on the old side of an intent', intended().key, 'k1', NEXT_AT, 'as-registered'],
    ['on the new side of an intent', intended().key, 'k2', NEXT_AT, 'as-intended'],
    ['on a third key during an intent', intended().key, 'kx', NEXT_AT, 'unexpected'],
    ['on the old key soon after the promotion', draining().key, 'k1', soon, 'stale'],
    ['on the old key long after the promotion', draining().key, 'k1', late, 'unexpected'],
    ['on a third key soon after the promotion', draining().key, 'kx', soon, 'unexpected'],
    ['that is gone soon after a promotion', draining().key, undefined, soon, 'unexpected'],
    ['not seen yet soon after a bootstrap', bootstrapped().key, undefined, AT, 'stale'],
  ])('%s compares as %5$s', (_, key, observed, at, expected) => {
    expect(compareAlias(key, observed, at)).toBe(expected);
  });
});

describe('what is promoted', () => {
  test('is asked for once: an ACTIVE version is done, whoever owns the key', () => {
    const living = claimed();
    const owned: ManagedKey = { ...bootstrapped().key, lease: living.key.lease, fence: living.key.fence, quarantine: { by: 'x', at: AT, reason: 'y' } };
    expect(intendPromote(owned, living.owner(), 1, AT)).toEqual({ kind: 'done' });
  });

  test.each([intendPromote, commitPromotion])('is in the registry', (decide) => {
    const living = intended();
    expect(() => decide(living.key, living.owner(), 9, NEXT_AT)).toThrow(error({ name: 'LedgerMismatch' }));
    const intent = { kind: 'promote', version: 9, fromKeyId: 'k1', toKeyId: 'k9', at: NEXT_AT } as const;
    expect(() => decide({ ...living.key, intent }, living.owner(), 9, NEXT_AT)).toThrow(error({ name: 'LedgerMismatch' }));
  });

  test('is what the intent names, whatever else could be', () => {
    const living = intended();
    const twin: ManagedKey = { ...living.key, versions: { ...living.key.versions, v3: { ...living.key.versions['v2']!, number: 3, kmsKeyId: 'k3' } } };
    expect(() => intendPromote(twin, living.owner(), 3, NEXT_AT)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/open promote intent for v2/) }));
    expect(() => commitPromotion(twin, living.owner(), 3, NEXT_AT)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/v3 has no open promote intent/) }));
  });
});

test('an alias is not read late after a promotion that nobody dated', () => {
  const { key } = draining();
  const { activatedAt: _activatedAt, ...v2 } = key.versions['v2']!;
  expect(compareAlias({ ...key, versions: { ...key.versions, v2 } }, 'k1', NEXT_AT)).toBe('unexpected');
});
