import fc from 'fast-check';
import { canonicalJson, currentChain, firstBreak, GENESIS_HASH, hashOf, LEDGER_EVENT_TYPES, ledgerBreak, movesBetween, seal, type LedgerEvent } from '../../lambdas/domain/ledger';
import { withVersion, type KeyVersion, type ManagedKey } from '../../lambdas/domain/managed-key';
import { story } from './checker/story';

/** A registered key without versions. */
const empty: ManagedKey = story({}, 'register').required();
const fresh: ManagedKey = { ...empty, seq: 0, rev: 0, head: GENESIS_HASH };
const at = '2026-01-01T00:00:00.000Z';
const pending: KeyVersion = { number: 1, status: 'PENDING', rotationId: 'r', window: 'w', createdAt: at, createIntents: 1 };

const notes = fc.record({
  type: fc.constantFrom(...LEDGER_EVENT_TYPES),
  at: fc.constant(at),
  by: fc.string({ minLength: 1, maxLength: 12 }),
  facts: fc.dictionary(fc.constantFrom('version', 'reason', 'window'), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
});

const chains = fc.array(notes, { minLength: 2, maxLength: 12 }).map((list) => {
  const events: LedgerEvent[] = [];
  let key: ManagedKey | undefined;
  for (const note of list) {
    const sealed = seal(key, key ?? fresh, note);
    events.push(sealed.event);
    key = sealed.after;
  }
  return events;
});
const chainAndPlace = chains.chain((events) => fc.tuple(fc.constant(events), fc.nat({ max: events.length - 1 })));

describe('the chain', () => {
  test('verifies as it was sealed, whole or from any head on', () => {
    fc.assert(
      fc.property(chainAndPlace, ([events, place]) => {
        expect(firstBreak(events)).toBeUndefined();
        const head = place === 0 ? undefined : events[place - 1];
        expect(firstBreak(events.slice(place), head)).toBeUndefined();
      }),
    );
  });

  test('breaks when any member of any event is changed', () => {
    fc.assert(
      fc.property(chainAndPlace, fc.constantFrom('type', 'at', 'by', 'key', 'seq', 'fence', 'moves', 'facts', 'previousHash', 'hash'), ([events, place], member) => {
        const changed = events.map((event, index): LedgerEvent => (index === place ? Object.assign({ ...event }, { [member]: 'something else' }) : event));
        expect(firstBreak(changed)).toBeDefined();
      }),
    );
  });

  test('breaks behind an event that was changed and given a fitting hash', () => {
    fc.assert(
      fc.property(chainAndPlace, ([events, place]) => {
        fc.pre(place < events.length - 1);
        const forged = events.map((event, index) => {
          const content = { ...event, by: `${event.by}!` };
          return index === place ? { ...content, hash: hashOf(content) } : event;
        });
        expect(firstBreak(forged)).toBe(`event ${place + 2} does not continue its predecessor`);
      }),
    );
  });

  test('breaks when an event is removed, except the last', () => {
    fc.assert(
      fc.property(chainAndPlace, ([events, place]) => {
        const rest = events.toSpliced(place, 1);
        expect(firstBreak(rest) === undefined).toBe(place === events.length - 1);
      }),
    );
  });

  test('breaks when two events are swapped', () => {
    fc.assert(
      fc.property(chainAndPlace, ([events, place]) => {
        fc.pre(place > 0);
        expect(firstBreak([...events.slice(0, place - 1), events[place]!, events[place - 1]!, ...events.slice(place + 1)])).toBeDefined();
      }),
    );
  });

  test('breaks when an event is inserted', () => {
    fc.assert(fc.property(chainAndPlace, chains, ([events, place], others) => firstBreak(events.toSpliced(place, 0, others[0]!)) !== undefined));
  });

  test('does not continue a head that is not its own', () => {
    expect(firstBreak([], { seq: 7, hash: 'x' })).toBeUndefined();
    expect(firstBreak([seal(undefined, fresh, { type: 'KeyRegistered', at, by: 'r' }).event], { seq: 0, hash: 'x' })).toBe('event 1 does not continue its predecessor');
  });
});

describe('seal', () => {
  test('counts from 1 and chains onto the head', () => {
    const first = seal(undefined, fresh, { type: 'KeyRegistered', at, by: 'r' });
    const second = seal(first.after, first.after, { type: 'FailureRecorded', at, by: 'r' });
    expect([first.event.seq, first.event.previousHash]).toEqual([1, GENESIS_HASH]);
    expect([second.event.seq, second.event.previousHash]).toEqual([2, first.event.hash]);
    expect([second.after.seq, second.after.head]).toEqual([2, second.event.hash]);
  });

  test('tells the moves of the versions, in order', () => {
    const next = withVersion(withVersion(fresh, { ...pending, number: 2 }), pending);
    expect(seal(fresh, next, { type: 'CreateIntended', at, by: 'r' }).event.moves).toEqual([
      { version: 1, from: null, to: 'PENDING' },
      { version: 2, from: null, to: 'PENDING' },
    ]);
    expect(movesBetween(next, withVersion(next, { ...pending, provedAt: at }))).toEqual([]);
  });

  test('refuses a move off the table', () => {
    const before = withVersion(fresh, pending);
    expect(() => seal(before, withVersion(before, { ...pending, status: 'DISABLED' }), { type: 'VersionDisabled', at, by: 'r' })).toThrow(/cannot move from PENDING to DISABLED/);
  });

  test.each<[string, Partial<ManagedKey>, number]>([
    ['a version', { versions: { v1: pending } }, 1],
    ['the policy', { policy: { ...fresh.policy, owner: 'others' } }, 1],
    ['a hold', { hold: { by: 'x', at, reason: 'y' } }, 1],
    ['the lease', { lease: { rotationId: 'r', executionArn: 'a', grantedAt: at, policy: fresh.policy } }, 1],
    ['only the due time', { dueAt: at, completedWindow: 'w' }, 0],
  ])('raises the state revision as it should for %s', (_, change, raised) => {
    expect(seal(fresh, { ...fresh, ...change }, { type: 'PolicyChanged', at, by: 'r' }).after.rev).toBe(fresh.rev + raised);
  });
});

describe('canonical JSON', () => {
  test('is the same for the same members in any order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
        // -0 is 0 in JSON text.
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('leaves out members that are undefined, as the registry does', () => {
    expect(canonicalJson({ b: undefined, a: [1, { d: 2, c: null }] })).toBe('{"a":[1,{"c":null,"d":2}]}');
  });
});

describe('what is wrong with a ledger', () => {
  const first = seal(undefined, fresh, { type: 'KeyRegistered', at, by: 'r' });
  const second = seal(first.after, first.after, { type: 'HoldSet', at, by: 'r' });
  const events = [first.event, second.event];

  test('is named: an event that is missing, and one whose content has another hash', () => {
    expect(firstBreak([second.event])).toBe('event 1 is missing: found 2');
    expect(firstBreak([{ ...first.event, by: 'x' }])).toBe('event 1 does not have the hash of its content');
  });

  test('is nothing when it is whole and ends where the key says', () => {
    expect(ledgerBreak(events, second.after)).toBeUndefined();
    expect(ledgerBreak([], { seq: 0, head: GENESIS_HASH })).toBeUndefined();
    expect(ledgerBreak([second.event], second.after, { seq: 1, hash: first.event.hash })).toBeUndefined();
  });

  test.each<[string, Parameters<typeof ledgerBreak>]>([
    ['the ledger ends at event 1, the registry is at 2', [[first.event], second.after]],
    ['the ledger ends at event 2, the registry is at 7', [events, { seq: 7, head: second.event.hash }]],
    ['the ledger ends at event 2, the registry is at 2', [events, { seq: 2, head: 'another' }]],
    ['event 1 is missing: found 2', [[second.event], second.after]],
  ])('%s', (broken, parameters) => expect(ledgerBreak(...parameters)).toBe(broken));

  test('begins anew at a repair, and nowhere else', () => {
    expect(currentChain(events)).toEqual({ events, startsAnew: null });
    const repaired = seal(second.after, second.after, { type: 'LedgerRebaselined', at, by: 'r' }, 9);
    const last = seal(repaired.after, repaired.after, { type: 'FreezeLifted', at, by: 'r' });
    expect(currentChain([...events, repaired.event, last.event])).toEqual({ events: [repaired.event, last.event], startsAnew: { seq: 9, hash: second.event.hash } });
  });
});

test('refuses a version that begins in the middle of its life', () => {
  expect(() => seal(fresh, withVersion(fresh, { ...pending, status: 'DEPRECATED' }), { type: 'VersionAdopted', at, by: 'r' })).toThrow(/version 1 cannot move from nothing to DEPRECATED/);
});

test('a whole ledger continues 64 zeros', () => {
  expect(GENESIS_HASH).toBe('0000000000000000000000000000000000000000000000000000000000000000');
});
