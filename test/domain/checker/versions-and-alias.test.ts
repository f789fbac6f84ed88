import { withVersion, type ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Json } from '../../../lambdas/domain/trace';
import { expectViolation, type BadTrace, type Evidence } from './expect-violation';
import { A1, A2, ALIAS, begin, claim, complete, story, verdictOf, type Story } from './story';

const FOREIGN = { actor: 'arn:aws:iam::111122223333:user/eve' };

/** A function that ran when somebody deleted META points v2's alias. */
function versionAliasOfLostKey(s: Story, keyId: string): number {
  let lost = 0;
  s.as({ traceId: 'Root=then' }, () => s.call('DescribeKey'));
  s.as(FOREIGN, () => { lost = s.put('META', s.required(), null); });
  s.as({ traceId: 'Root=then' }, () => s.point(`${ALIAS}/v2`, keyId));
  return lost;
}

/** A function that ran when somebody wrote META moves the alias to what keyturn has withdrawn since. */
function movedAfterWithdrawal(written: (key: ManagedKey) => ManagedKey): Evidence {
  let [withdrawn, proof] = [0, 0];
  const s = story({
    moveAlias: (t) => {
      t.as({ traceId: 'Root=then' }, () => t.call('DescribeKey'));
      t.as(FOREIGN, () => t.put('META', t.required(), written(t.required())));
      withdrawn = t.write('RotationAborted', A2, { intent: null });
      t.as({ traceId: 'Root=then' }, () => { proof = t.point(ALIAS, 'k2'); });
    },
  }, 'moveAlias');
  return { s, proof: [withdrawn, proof] };
}

const BAD: readonly BadTrace[] = [
  ['1 one adopted version per lineage', 'a second version adopted for a window', () => {
    let [first, second] = [0, 0];
    const s = story({
      commit: (t, original) => {
        original();
        first = t.seq - 1;
        begin(t, A2, 3, 'k3');
        t.write('PromoteIntended', A2, { intent: { kind: 'promote', version: 3, fromKeyId: 'k2', toKeyId: 'k3', at: t.now } });
        t.point(ALIAS, 'k3');
        second = t.write('VersionPromoted', A2, (key) => ({ ...t.version(2, { status: 'DEPRECATED' })(t.version(3, { status: 'ACTIVE' })(key)), intent: null }));
      },
    }, 'commit');
    return { s, proof: [first, second] };
  }],
  ['1 one KMS key per version', "a version's KMS key replaced", () => {
    let proof = 0;
    const s = story({ live: (t) => (proof = t.write('VersionCreated', A1, t.version(1, { kmsKeyId: 'k9' }))) }, 'live');
    return { s, proof: [proof] };
  }],
  ['1 one KMS key per version', 'two versions with one KMS key', () => {
    let proof = 0;
    const s = story({
      create: (t) => {
        proof = t.write('VersionCreated', A2, (key) => withVersion(key, { number: 2, status: 'PENDING', rotationId: A2, window: 'w', createdAt: t.now, createIntents: 1, kmsKeyId: 'k1' }));
      },
    }, 'create');
    return { s, proof: [proof] };
  }],
  ['2 exactly one ACTIVE version', 'no ACTIVE version after a write', () => {
    let proof = 0;
    const s = story({ commit: (t) => (proof = t.write('VersionPromoted', A2, t.version(1, { status: 'DEPRECATED' }))) }, 'commit');
    return { s, proof: [proof] };
  }],
  ['2 exactly one ACTIVE version', 'two ACTIVE versions after a write', () => {
    let proof = 0;
    const s = story({ commit: (t) => (proof = t.write('VersionPromoted', A2, t.version(2, { status: 'ACTIVE' }))) }, 'commit');
    return { s, proof: [proof] };
  }],
  ['2 exactly one ACTIVE version', 'META deleted', () => {
    let proof = 0;
    const s = story({ live: (t) => (proof = t.put('META', t.required(), null)) }, 'live');
    return { s, proof: [proof] };
  }],
  ['2 the ACTIVE key stays usable', "the ACTIVE version's key disabled", () => {
    let proof = 0;
    const s = story({ live: (t) => (proof = t.setState('k1', 'Disabled')) }, 'live');
    return { s, proof: [proof] };
  }],
  ['2 the ACTIVE key stays usable', 'the key that is being promoted disabled', () => {
    let proof = 0;
    const s = story({ moveAlias: (t) => (proof = t.setState('k2', 'PendingDeletion')) }, 'moveAlias');
    return { s, proof: [proof] };
  }],
  ['3 the alias follows the ACTIVE version', 'the alias moved without an intent', () => {
    let proof = 0;
    const s = story({ ready: (t) => (proof = t.point(ALIAS, 'k2')) }, 'ready');
    return { s, proof: [proof] };
  }],
  ['3 the alias follows the ACTIVE version', "a zombie's late UpdateAlias back to a superseded version", () => {
    let proof = 0;
    const s = story({ drain: (t) => (proof = t.point(ALIAS, 'k1')) }, 'drain');
    return { s, proof: [proof] };
  }],
  ['3 the alias follows the ACTIVE version', 'the alias moved to a third key while a promotion is open', () => {
    let proof = 0;
    const s = story({ moveAlias: (t) => (proof = t.point(ALIAS, 'k7')) }, 'moveAlias');
    return { s, proof: [proof] };
  }],
  ...([['a function that began after somebody had deleted META', 0, 'Root=later', 'k2'], ['one that ran then, much later', 181, 'Root=then', 'k2'], ['one that ran then, to a third key', 0, 'Root=then', 'k7']] as const).map(
    ([who, seconds, traceId, keyId]): BadTrace => ['3 the alias follows the ACTIVE version', `the alias moved by ${who}`, () => {
      let [lost, proof] = [0, 0];
      const s = story({
        moveAlias: (t) => {
          t.as({ traceId: 'Root=then' }, () => t.call('DescribeKey'));
          t.as(FOREIGN, () => { lost = t.put('META', t.required(), null); });
          t.wait(seconds);
          t.as({ traceId }, () => { proof = t.point(ALIAS, keyId); });
        },
      }, 'moveAlias');
      return { s, proof: [lost, proof] };
    }]),
  ['3 the alias follows the ACTIVE version', 'the alias moved to a withdrawn target, by a function that ran when somebody wrote the key and took nothing away', () => movedAfterWithdrawal((key) => ({ ...key }))],
  ['3 the alias follows the ACTIVE version', 'the alias moved to a withdrawn target, by a function that ran when somebody took another version away', () =>
    movedAfterWithdrawal(({ versions: { v1: _v1, ...versions }, ...key }) => ({ ...key, versions }))],
  ['3 the alias follows the ACTIVE version', "the alias moved without an intent, after somebody deleted a namesake's META in another table", () => {
    let proof = 0;
    const s = story({
      ready: (t) => {
        const image = JSON.parse(JSON.stringify({ ...t.required(), policy: { ...t.required().policy, alias: 'alias/others' }, pk: 'KEY#orders', sk: 'META', intent: { kind: 'promote', version: 2, fromKeyId: 'k1', toKeyId: 'k2', at: t.now } })) as { [key: string]: Json };
        t.as({ traceId: 'Root=then' }, () => t.call('DescribeKey'));
        t.as(FOREIGN, () => { for (const [before, after] of [[null, image], [image, null]] as const) t.emit('dynamodb.item-written', { table: 'another', pk: 'KEY#orders', sk: 'META', before, after }); });
        t.as({ traceId: 'Root=then' }, () => { proof = t.point(ALIAS, 'k2'); });
      },
    }, 'ready');
    return { s, proof: [proof] };
  }],
  ['3 the alias follows the ACTIVE version', 'the alias deleted while the first promotion is open', () => {
    let proof = 0;
    const s = story({
      bootstrap: (t) => {
        claim(t, A1, '20260101T0000Z');
        begin(t, A1, 1, 'k1');
        t.write('PromoteIntended', A1, { intent: { kind: 'promote', version: 1, fromKeyId: null, toKeyId: 'k1', at: t.now } });
        proof = t.point(ALIAS, null);
      },
    }, 'bootstrap');
    return { s, proof: [proof] };
  }],
  ['3 the alias follows the ACTIVE version', 'the alias deleted', () => {
    let proof = 0;
    const s = story({ live: (t) => (proof = t.point(ALIAS, null)) }, 'live');
    return { s, proof: [proof] };
  }],
  ['3 a promotion is committed with the alias on it', 'a promotion committed before the alias moved', () => {
    let proof = 0;
    const s = story({
      moveAlias: () => undefined,
      commit: (t, original) => {
        proof = t.seq + 1;
        original();
      },
    }, 'commit');
    return { s, proof: [proof] };
  }],
  ['3 a version alias names its version', "a version alias on another version's key", () => {
    let proof = 0;
    const s = story({ useNew: (t) => (proof = t.point(`${ALIAS}/v1`, 'k2')) }, 'useNew');
    return { s, proof: [proof] };
  }],
  ['3 a version alias names its version', "a version alias on another version's key, by a function that ran when somebody deleted META", () => {
    let [lost, proof] = [0, 0];
    const s = story({ useNew: (t) => { lost = versionAliasOfLostKey(t, 'k1'); proof = t.seq; } }, 'useNew');
    return { s, proof: [lost, proof] };
  }],
  ...(['drain', 'disable', 'bake', 'revoke'] as const).map((step): BadTrace => ['3 a version alias names its version', `a version alias deleted in the step ${step}`, () => {
    let proof = 0;
    const s = story({ [step]: (t: Story) => (proof = t.point(`${ALIAS}/v1`, null)) }, step);
    return { s, proof: [proof] };
  }]),
];

describe('versions and alias', () => {
  test.each(BAD)('%s: finds %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

  test('an alias moved back to the old key while the promotion is open is legal', () => {
    const s = story({ moveAlias: (t, original) => { original(); t.point(ALIAS, 'k1'); t.point(ALIAS, 'k2'); } });
    expect(verdictOf(s, '3 the alias follows the ACTIVE version').status).toBe('held');
  });

  test('the alias moved by a function that ran when somebody deleted META is what its intent says', () => {
    const s = story({
      moveAlias: (t) => {
        t.as({ traceId: 'Root=then' }, () => t.call('DescribeKey'));
        t.as(FOREIGN, () => { t.put('META', t.required(), null); t.put('META', null, { ...t.required(), intent: null }); });
        t.wait(180);
        t.as({ traceId: 'Root=then' }, () => t.point(ALIAS, 'k2'));
      },
    }, 'moveAlias');
    expect(verdictOf(s, '3 the alias follows the ACTIVE version')).toMatchObject({ status: 'held', violations: [] });
  });

  test('so is one that was moved when the table was restored to before the intent', () => {
    const s = story({
      moveAlias: (t) => {
        t.as({ traceId: 'Root=then' }, () => t.call('DescribeKey'));
        t.as(FOREIGN, () => t.put('META', t.required(), { ...t.required(), intent: null }));
        t.as({ traceId: 'Root=then' }, () => t.point(ALIAS, 'k2'));
      },
    }, 'moveAlias');
    expect(verdictOf(s, '3 the alias follows the ACTIVE version')).toMatchObject({ status: 'held', violations: [] });
  });

  test("so is the version alias that it points to its version's key", () => {
    const s = story({ useNew: (t) => void versionAliasOfLostKey(t, 'k2') }, 'useNew');
    expect(verdictOf(s, '3 a version alias names its version')).toMatchObject({ status: 'held', violations: [] });
  });

  test('a version that is abandoned is not committed with the alias on it', () => {
    const s = story({ create: (t, original) => { original(); t.write('RotationAborted', A2, t.version(2, { status: 'ABANDONED' })); } }, 'create');
    expect(verdictOf(s, '3 a promotion is committed with the alias on it')).toMatchObject({ status: 'held', restsOn: 1 });
  });

  test('somebody else who moves the alias or disables the key is not keyturn', () => {
    const s = story({ live: (t) => t.as(FOREIGN, () => { t.point(ALIAS, 'k9'); t.setState('k1', 'Disabled'); }) }, 'live');
    for (const invariant of ['3 the alias follows the ACTIVE version', '2 exactly one ACTIVE version']) expect(verdictOf(s, invariant).status).toBe('held');
    expect(verdictOf(s, '2 the ACTIVE key stays usable').status).toBe('not-checkable');
  });

  test("keyturn may cancel somebody's deletion of the ACTIVE key, which leaves it Disabled", () => {
    const s = story({ live: (t) => { t.as(FOREIGN, () => t.setState('k1', 'PendingDeletion')); t.setState('k1', 'Disabled'); t.setState('k1', 'Enabled'); } }, 'live');
    expect(verdictOf(s, '2 the ACTIVE key stays usable').status).toBe('held');
  });

  test.each(['1 one KMS key per version', '7 statuses move along the table'])('%s: allows a version that is made anew in a registry that somebody put back to before it was', (invariant) => {
    const s = story({
      create: (t, original) => {
        const before = t.required();
        original();
        const v2 = { ...t.required().versions['v2'], status: 'ABANDONED' };
        t.write('RotationAborted', A2, t.version(2, { status: 'ABANDONED' }));
        t.as(FOREIGN, () => {
          t.put('META', t.required(), null);
          t.put('VERSION#2', v2, null);
          t.put('META', null, before);
        });
        t.key = before;
        begin(t, A2, 2, 'k3');
      },
    }, 'create');
    expect(verdictOf(s, invariant)).toMatchObject({ status: 'held', violations: [] });
  });

  test.each<[string, string, { emergency?: number }]>([
    ['a second version of one emergency', 'orders-20260401T0000Z-e2', { emergency: 1 }],
    ['an emergency that says it is a rotation', 'orders-20260401T0000Z-e1', {}],
    ['a rotation that says it is an emergency', 'orders-20260401T0000Z-a2', { emergency: 7 }],
  ])('%s is found', (_, second, lineage) => {
    const first = 'orders-20260401T0000Z-e1';
    const s = story({}, 'commit');
    complete(s, A2);
    for (const [id, number, keyId, own] of [[first, 3, 'k3', { emergency: 1 }], [second, 4, 'k4', lineage]] as const) {
      claim(s, id, '20260401T0000Z');
      begin(s, id, number, keyId, own);
      s.write('PromoteIntended', id, { intent: { kind: 'promote', version: number, fromKeyId: `k${number - 1}`, toKeyId: keyId, at: s.now } });
      s.point(ALIAS, keyId);
      s.write('VersionPromoted', id, (key) => ({ ...s.version(number - 1, { status: 'DEPRECATED' })(s.version(number, { status: 'ACTIVE' })(key)), intent: null }));
      complete(s, id);
    }
    expect(verdictOf(s, '1 one adopted version per lineage')).toMatchObject({ status: 'violated', violations: expect.arrayContaining([expect.objectContaining({ message: expect.stringContaining('v4') })]) });
  });

  test('an emergency in the same window is a lineage of its own', () => {
    const id = 'orders-20260401T0000Z-e1';
    const s = story({}, 'commit');
    complete(s, A2);
    claim(s, id, '20260401T0000Z');
    begin(s, id, 3, 'k3', { emergency: 1 });
    s.write('PromoteIntended', id, { intent: { kind: 'promote', version: 3, fromKeyId: 'k2', toKeyId: 'k3', at: s.now } });
    s.point(ALIAS, 'k3');
    s.write('VersionPromoted', id, (key) => ({ ...s.version(2, { status: 'DEPRECATED' })(s.version(3, { status: 'ACTIVE' })(key)), intent: null }));
    expect(verdictOf(s, '1 one adopted version per lineage')).toMatchObject({ status: 'held', restsOn: 3 });
  });
});
