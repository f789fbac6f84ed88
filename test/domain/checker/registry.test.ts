import { QUIESCENCE_SECONDS, TAKEOVER_SECONDS } from '../../../lambdas/contract/timing';
import { expectViolation, type BadTrace, type Evidence } from './expect-violation';
import { A1, A2, abort, claim, DAY, story, verdictOf, type Story, type Tampering } from './story';

/** One more write at the end of v1's quiet life. */
function living(tell: (s: Story) => number): Evidence {
  let proof = -1;
  const s = story({ live: (t) => (proof = tell(t)) }, 'live');
  return { s, proof: [proof] };
}

/** The same within A2's rotation. */
function rotating(tell: (s: Story) => number): Evidence {
  let proof = -1;
  const s = story({ ready: (t) => (proof = tell(t)) }, 'ready');
  return { s, proof: [proof] };
}

const written = (tampering: Tampering) => (s: Story) => s.write('FailureRecorded', A1, {}, tampering);

const BAD: readonly BadTrace[] = [
  ['7 statuses move along the table', 'a version that skips a status', () => living((s) => s.put('META', s.required(), s.version(1, { status: 'DISABLED' })(s.required())))],
  ['7 statuses move along the table', 'a version that vanishes', () => living((s) => s.put('META', s.required(), { ...s.required(), versions: {} }))],
  ['7 statuses move along the table', 'a destroyed version that returns', () => {
    const s = story();
    const key = s.required();
    return { s, proof: [s.put('META', key, { ...key, versions: { ...key.versions, v1: { ...key.versions['v1'], status: 'ACTIVE' } } })] };
  }],
  ['7 fencing tokens only grow', 'a token that falls', () => living((s) => s.write('PolicyChanged', 'r', { fence: 0 }))],
  ['7 fencing tokens only grow', 'a lease granted with an old token', () => living((s) => s.write('RotationClaimed', A2, (key) => ({ ...key, lease: { rotationId: A2, executionArn: 'a', grantedAt: s.now, policy: key.policy } })))],
  ['7 only the owner changes a key', 'a rotation without the lease that changes a version', () => rotating((s) => s.write('VersionProved', A1, s.version(2, { provedAt: 'now' })))],
  ['7 only the owner changes a key', 'an invocation from before the fencing token was raised', () =>
    rotating((s) => {
      s.as({ traceId: 'Root=old' }, () => s.call('DescribeKey'));
      s.as({ traceId: 'Root=settle' }, () => s.write('RotationSettled', A2, (key) => ({ ...key, fence: key.fence + 1 })));
      s.wait(DAY);
      let late = -1;
      s.as({ traceId: 'Root=old' }, () => (late = s.write('VersionProved', A2, s.version(2, { provedAt: 'now' }))));
      return late;
    })],
  ['8 one owner per key', 'a lease taken from a running execution', () => rotating((s) => s.write('RotationClaimed', A1, (key) => ({ ...key, fence: key.fence + 1, lease: { rotationId: 'orders-20260401T0000Z-a2', executionArn: 'a', grantedAt: s.now, policy: key.policy } })))],
  ['8 one owner per key', 'a lease taken right after its execution ended', () =>
    rotating((s) => {
      s.end(A2, 'TIMED_OUT');
      s.wait(TAKEOVER_SECONDS - 1);
      return s.write('RotationClaimed', 'orders-20260401T0000Z-a2', (key) => ({ ...key, fence: key.fence + 1, lease: { rotationId: 'orders-20260401T0000Z-a2', executionArn: 'a', grantedAt: s.now, policy: key.policy } }));
    })],
  ['8 one owner per key', 'a fencing token taken from an execution that ended a moment ago', () =>
    rotating((s) => {
      s.end(A2, 'TIMED_OUT');
      s.wait(TAKEOVER_SECONDS - 1);
      return s.write('RotationSettled', 'orders-20260401T0000Z-a2', (key) => ({ ...key, fence: key.fence + 1 }), { facts: { holder: A2 } });
    })],
  ['7 only the owner changes a key', 'a fencing token taken in the name of a rotation that is not the owner', () =>
    rotating((s) => s.write('RotationSettled', 'orders-20260401T0000Z-a2', (key) => ({ ...key, fence: key.fence + 1 }), { facts: { holder: A1 } }))],
  ['8 nothing is done for Q after settling', 'an abort that does not wait', () => rotating((s) => { abort(s, A2, QUIESCENCE_SECONDS - 1); return s.seq - 1; })],
  ['8 nothing is done for Q after settling', 'an abort without settling', () => rotating((s) => s.write('RotationAborted', A2, { lease: null, intent: null }))],
  ['8 nothing is done for Q after settling', 'an alias moved by a new invocation before Q', () => {
    let proof = -1;
    const s = story({
      moveAlias: (t) => {
        t.write('RotationSettled', A2, (key) => ({ ...key, fence: key.fence + 1 }));
        t.as({ traceId: 'Root=next' }, () => {
          t.call('DescribeKey');
          proof = t.point('alias/orders', 'k2');
          t.emit('lambda.invoked', { function: 'promote', execution: A2, error: null });
        });
      },
    }, 'moveAlias');
    return { s, proof: [proof] };
  }],
  ['9 every transition has exactly one ledger event', 'META changed without an event', () => living((s) => s.put('META', s.required(), { ...s.required(), removed: true }))],
  ['9 every transition has exactly one ledger event', 'META deleted', () => living((s) => s.put('META', s.required(), null))],
  ['9 every transition has exactly one ledger event', 'META that cannot be read', () => living((s) => s.put('META', s.required(), { name: 'orders' }))],
  ['9 every transition has exactly one ledger event', 'an event without its transition', () => living((s) => s.write('FailureRecorded', A1, {}, { isMetaMissing: true }) + 1)],
  ['9 every transition has exactly one ledger event', 'two events in one transition', () => living(written({ ledger: ([event]) => (event === undefined ? [] : [event, { ...event, seq: event.seq + 1 }]) }))],
  ['9 every transition has exactly one ledger event', 'a sequence that leaps', () => living(written({ meta: (item) => ({ ...item, seq: 99 }) }))],
  ['9 every transition has exactly one ledger event', "a head that is not the event's hash", () => living(written({ meta: (item) => ({ ...item, head: 'f'.repeat(64) }) }))],
  ['9 every transition has exactly one ledger event', 'an event of another key', () => living(written({ ledger: (events) => events.map((event) => ({ ...event, key: 'invoices' })) }))],
  ['9 every transition has exactly one ledger event', 'an event with another fencing token', () => living(written({ ledger: (events) => events.map((event) => ({ ...event, fence: 77 })) }))],
  ['9 every transition has exactly one ledger event', 'an event that tells other moves', () => living(written({ ledger: (events) => events.map((event) => ({ ...event, moves: [{ version: 1, from: 'ACTIVE', to: 'DEPRECATED' }] })) }))],
  ['9 the ledger is one unbroken chain', 'a changed event', () => living((s) => written({ ledger: (events) => events.map((event) => ({ ...event, by: 'eve' })) })(s) + 1)],
  ['9 the ledger is one unbroken chain', 'a repair that leaps though nothing is frozen', () => living((s) => s.write('RepairBegun', 'repair', {}, { ledger: (events) => events.map((event) => ({ ...event, seq: event.seq + 5 })) }) + 1)],
  ['9 the ledger is one unbroken chain', 'a gap', () => living((s) => written({ ledger: (events) => events.map((event) => ({ ...event, seq: event.seq + 1 })) })(s) + 1)],
  ['9 the ledger is one unbroken chain', 'an overwritten event', () => living((s) => s.put('LEDGER#0000000001', { seq: 1 }, { seq: 1 }))],
];

describe('registry', () => {
  test.each(BAD)('%s: finds %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

  test('a write of index or unknown attributes needs no ledger event', () => {
    const s = story({ live: (t) => t.put('META', t.required(), { ...t.required(), dueIndex: 'ELSE', unknown: 1 }) }, 'live');
    expect(verdictOf(s, '9 every transition has exactly one ledger event').status).toBe('held');
  });

  test('a superseded rotation may leave its line', () => {
    const s = story({
      ready: (t) => t.write('FailureRecorded', 'orders-20260401T0000Z-a2', { lastFailure: { rotationId: 'x', state: 's', error: 'RotationSuperseded', errorClass: 'superseded', at: t.now } }),
    }, 'ready');
    expect(verdictOf(s, '7 only the owner changes a key').status).toBe('held');
  });

  test('a lease may be taken over once nothing of its ended execution can be under way, and a settlement that is repeated counts from its first write', () => {
    const s = story({}, 'create');
    s.write('RotationSettled', A2, (key) => ({ ...key, fence: key.fence + 1 }));
    s.wait(QUIESCENCE_SECONDS / 2);
    abort(s, A2, QUIESCENCE_SECONDS / 2);
    s.end(A2, 'SUCCEEDED', 'aborted');
    claim(s, 'orders-20260401T0000Z-a2', '20260401T0000Z');
    s.end('orders-20260401T0000Z-a2', 'FAILED');
    s.wait(TAKEOVER_SECONDS);
    s.write('RotationSettled', 'orders-20260401T0000Z-a3', (key) => ({ ...key, fence: key.fence + 1 }), { facts: { holder: 'orders-20260401T0000Z-a2' } });
    claim(s, 'orders-20260401T0000Z-a3', '20260401T0000Z');
    for (const invariant of ['7 only the owner changes a key', '8 one owner per key', '8 nothing is done for Q after settling']) expect(verdictOf(s, invariant)).toMatchObject({ status: 'held', violations: [] });
  });

  test("somebody else's write to the registry is not keyturn's", () => {
    const s = story({ live: (t) => t.as({ actor: 'arn:aws:iam::1:user/eve' }, () => t.put('META', t.required(), { ...t.required(), versions: {}, fence: 0 })) }, 'live');
    for (const invariant of ['7 statuses move along the table', '7 fencing tokens only grow', '9 every transition has exactly one ledger event']) expect(verdictOf(s, invariant).status).toBe('held');
  });

  test("after somebody has put the table back keyturn's ledger goes on from what stands there", () => {
    const s = story({
      live: (t) => {
        const earlier = t.required();
        written({})(t);
        written({})(t);
        t.as({ actor: 'arn:aws:iam::1:user/eve' }, () => {
          t.put('META', t.required(), null);
          t.put('META', null, earlier);
        });
        t.key = earlier;
        written({})(t);
      },
    }, 'live');
    expect(verdictOf(s, '9 the ledger is one unbroken chain')).toMatchObject({ status: 'held', violations: [] });
  });
});
