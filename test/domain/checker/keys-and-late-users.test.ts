import type { Json } from '../../../lambdas/domain/trace';
import { withVersion, type KeyVersion } from '../../../lambdas/domain/managed-key';
import { expectViolation, type BadTrace } from './expect-violation';
import { A2, ALIAS, claim, CONSUMER, DAY, emergency, story, verdictOf, type Story } from './story';

const EVE = { actor: 'arn:aws:iam::111122223333:user/eve' };

function during(step: 'create' | 'disable' | 'bake' | 'complete', tell: (s: Story, original: () => void) => number, days = 0) {
  let proof = -1;
  const s = story({ [step]: (t: Story, original: () => void) => { proof = tell(t, original); } }, step === 'create' ? 'useNew' : step);
  return { s, proof: [proof], untilMs: s.atMs + days * DAY * 1000 };
}

/** The table is restored to what it held before v2. */
function restore(s: Story): void {
  const { v2: _v2, ...versions } = s.required().versions;
  const before = { ...s.required(), versions, intent: null };
  s.as(EVE, () => s.put('META', s.required(), before));
  s.key = before;
}

/** A function is about to make v2's key when the table is restored, and another one makes the version anew. @param isEmpty whether META is put back only when the key is made */
function madeBehind(seconds: number, isEmpty = false) {
  return during('create', (s) => {
    s.write('CreateIntended', A2, (key) => withVersion(key, { number: 2, status: 'PENDING', rotationId: A2, window: 'w', createdAt: s.now, createIntents: 1 }));
    if (isEmpty) s.as(EVE, () => s.put('META', s.required(), null));
    else restore(s);
    s.wait(seconds);
    s.createKey('k2', 2);
    if (isEmpty) restore(s);
    s.as({ traceId: 'Root=later' }, () => s.createKey('k2b', 2));
    return s.seq;
  });
}

/** v1 is taken back so long after it was used. @returns the use */
function rescuedAfter(s: Story, seconds: number, done?: Partial<KeyVersion>): number {
  const use = s.use('Decrypt', 'k1', 'DisabledException');
  s.wait(seconds);
  if (done === undefined) s.write('RescueIntended', 'rescue-version', { rescues: { v1: { by: 'rescue-version', at: s.now, reason: 'used' } } });
  else s.write('VersionRescued', 'rescue-version', s.version(1, done));
  return use;
}

/** What takes nothing away. */
function write(s: Story, what: 'nothing' | 'another table' | 'the ledger'): void {
  s.as(EVE, () => {
    if (what === 'nothing') s.put('META', s.required(), { ...s.required() });
    if (what === 'the ledger') s.put('LEDGER#0000009999', null, { x: 1 });
    if (what === 'another table') s.emit('dynamodb.item-written', { table: 'another', pk: 'KEY#orders', sk: 'META', before: { ...plain(s.required()), pk: 'KEY#orders', sk: 'META' }, after: null });
  });
}

const plain = (value: object): { [key: string]: Json } => JSON.parse(JSON.stringify(value)) as { [key: string]: Json };

/** v2 is promoted, whatever its proof was. */
function promotedAfter(prove: (s: Story, keyId: string) => void) {
  let proof = -1;
  const create = (s: Story, original: () => void): void => { s.prove = (keyId) => prove(s, keyId); original(); };
  const s = story({ create, moveAlias: (t, original) => { original(); proof = t.seq; } }, 'useNew');
  return { s, proof: [proof] };
}

/** A letter, and whether a call of the rescue was refused before it. */
type Letter = readonly [which: string, user: string, keyId: string, by: string, error: string, refused?: 'refused'];

const LETTERS: readonly Letter[] = [
  ['about another user', 'someone', 'k1', 'rescue-version', 'Lambda.Unknown'],
  ['about another key', CONSUMER, 'k2', 'rescue-version', 'Lambda.Unknown'],
  ['of another function', CONSUMER, 'k1', 'record-key-deletion', 'Lambda.Unknown'],
  ['of a rescue that breaks by itself', CONSUMER, 'k1', 'rescue-version', 'TypeError', 'refused'],
  ['of a rescue that KMS forbids', CONSUMER, 'k1', 'rescue-version', 'PermissionDenied', 'refused'],
  ['of a rescue that is busy with itself', CONSUMER, 'k1', 'rescue-version', 'RegistryBusy'],
];

const EXCUSED: readonly Letter[] = [
  ['died', CONSUMER, 'k1', 'rescue-version', 'Lambda.Unknown'],
  ['died in a local stack', CONSUMER, 'k1', 'Keyturn-RescueVersion9A2B3C4D-Xy12', 'Runtime.ExitError'],
  ['did not end in time', CONSUMER, 'k1', 'rescue-version', 'Sandbox.Timedout'],
  ['found DynamoDB throttled', CONSUMER, 'k1', 'rescue-version', 'RegistryBusy', 'refused'],
  ['did not know what came of a write', CONSUMER, 'k1', 'rescue-version', 'RegistryOutcomeUnknown', 'refused'],
  ['found KMS throttled', CONSUMER, 'k1', 'rescue-version', 'Throttled', 'refused'],
];

function bury(s: Story, [, user, keyId, by, error, refused]: Letter): void {
  if (refused !== undefined) s.as({ actor: 'arn:aws:sts::111122223333:assumed-role/keyturn-rescue-version/x', traceId: 'Root=rescue' }, () => s.call('GetItem', 'ThrottlingException'));
  s.bury(user, keyId, by, error);
}

const BAD: readonly BadTrace[] = [
  ['1 one KMS key is made per version', 'a second key although the first is there', () => during('create', (s, original) => { original(); return s.createKey('k2b', 2); })],
  ['1 one KMS key is made per version', 'a second key, long after the registry was restored', () => madeBehind(181)],
  ['1 one KMS key is made per version', 'two keys by a function that began after the registry was restored', () =>
    during('create', (s, original) => { original(); restore(s); s.as({ traceId: 'Root=later' }, () => { s.createKey('k2b', 2); s.createKey('k2c', 2); }); return s.seq; })],
  ['1 one KMS key is made per version', "a key made by a function that ran when another stack's key of that name was lost", () => during('create', (s, original) => {
    const other = { ...plain(s.required()), registryId: 'other', versions: { v2: { number: 2, status: 'PENDING', rotationId: A2, window: 'w', createdAt: s.now, createIntents: 1 } }, pk: 'KEY#orders', sk: 'META' };
    s.as(EVE, () => { for (const [before, after] of [[null, other], [other, null]] as const) s.emit('dynamodb.item-written', { table: 'another', pk: 'KEY#orders', sk: 'META', before, after }); });
    original();
    return s.createKey('k2b', 2);
  })],
  ['2 a key is proved before the alias gets it', 'a key that was never used', () => promotedAfter(() => undefined)],
  ['2 a key is proved before the alias gets it', 'a key whose proof failed', () =>
    promotedAfter((s, keyId) => void s.emit('kms.key-used', { operation: 'Encrypt', alias: null, keyId, error: 'DisabledException' }))],
  ['6 only the version of an emergency is marked as compromised', 'another version', () =>
    during('bake', (s) => { s.write('EmergencyApproved', 'x', { emergency: emergency(s, 2) }); return s.write('RotationSettled', A2, s.version(1, { compromisedAt: s.now })); })],
  ['6 only the version of an emergency is marked as compromised', 'a version without an emergency', () => during('bake', (s) => s.write('RotationSettled', A2, s.version(1, { compromisedAt: s.now })))],
  ['6 a late user is rescued', 'a failed use that nobody followed', () => during('bake', (s) => s.use('Decrypt', 'k1', 'DisabledException'), 2)],
  ['6 a late user is rescued', 'a failed use of a REVOKED version', () => during('complete', (s) => s.use('Decrypt', 'k1', 'KMSInvalidStateException'), 2)],
  ['6 a late user is rescued', 'a failed use after which something else was written', () =>
    during('bake', (s) => { const use = s.use('Decrypt', 'k1', 'DisabledException'); s.write('PolicyChanged', 'registrar', {}); return use; }, 2)],
  ['6 a late user is rescued', 'a failed use, and a rescue two hours and a second later', () => during('bake', (s) => rescuedAfter(s, 7201), 2)],
  ['6 a late user is rescued', 'a failed use, and an alert two days later', () =>
    during('bake', (s) => { const use = s.use('Decrypt', 'k1', 'DisabledException'); s.wait(2 * DAY); s.alert('orders', 'rescue', `${CONSUMER} uses it`); return use; })],
  ['6 a late user is rescued', 'a failed use, and an alert about something else', () =>
    during('bake', (s) => { const use = s.use('Decrypt', 'k1', 'DisabledException'); s.alert(); return use; }, 2)],
  ...LETTERS.map((letter): BadTrace =>
    ['6 a late user is rescued', `a failed use, and a dead letter ${letter[0]}`, () => during('bake', (s) => { const use = s.use('Decrypt', 'k1', 'DisabledException'); bury(s, letter); return use; }, 2)]),
  ['6 a late user is rescued', 'a failed use, and a dead letter of a rescue that was refused before it', () =>
    during('bake', (s) => { s.as({ actor: 'arn:aws:sts::111122223333:assumed-role/keyturn-rescue-version/x' }, () => s.call('GetItem', 'ThrottlingException')); const use = s.use('Decrypt', 'k1', 'DisabledException'); s.bury(CONSUMER, 'k1', 'rescue-version', 'RegistryBusy'); return use; }, 2)],
  ...(['nothing', 'another table', 'the ledger'] as const).map((what): BadTrace =>
    ['1 one KMS key is made per version', `a second key after somebody wrote ${what} of the key`, () => during('create', (s, original) => { original(); write(s, what); return s.createKey('k2b', 2); })]),
];

describe('the checker finds', () => {
  test.each(BAD)('%s: %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));
});

describe('the checker allows', () => {
  const none = { violations: [] };

  test('a second key for a version whose first somebody has disabled, or whose registry was restored', () => {
    const disabled = during('create', (s, original) => { original(); s.as(EVE, () => s.setState('k2', 'Disabled')); return s.createKey('k2b', 2); });
    expect(verdictOf(disabled.s, '1 one KMS key is made per version')).toMatchObject({ status: 'held', ...none });
    const restored = during('create', (s, original) => { original(); restore(s); return s.createKey('k2b', 2); });
    expect(verdictOf(restored.s, '1 one KMS key is made per version')).toMatchObject({ status: 'held', ...none });
    for (const isEmpty of [false, true]) expect(verdictOf(madeBehind(180, isEmpty).s, '1 one KMS key is made per version')).toMatchObject({ status: 'held', ...none });
  });

  test('a promotion whose proof the trace cannot show', () => {
    const { s } = during('create', (t, original) => { original(); return t.seq; });
    const later = s.events.filter((event) => event.type !== 'kms.key-created' && event.type !== 'kms.key-used');
    expect(later.length).toBeLessThan(s.events.length);
    s.events.splice(0, s.events.length, ...later);
    expect(verdictOf(s, '2 a key is proved before the alias gets it')).toMatchObject({ status: 'not-checkable', ...none });
  });

  test('a late user that people were told of, or that the end of the trace comes too soon for', () => {
    const told = during('bake', (s) => { s.use('Decrypt', 'k1', 'DisabledException'); s.wait(3600); return s.alert('orders', 'rescue', `${CONSUMER} uses it`); }, 5);
    expect(verdictOf(told.s, '6 a late user is rescued', { untilMs: told.untilMs })).toMatchObject({ status: 'held', ...none });
    const fresh = during('bake', (s) => s.use('Decrypt', 'k1', 'DisabledException'));
    expect(verdictOf(fresh.s, '6 a late user is rescued', { untilMs: fresh.untilMs })).toMatchObject({ status: 'not-checkable', ...none });
  });

  test.each(EXCUSED.map((letter) => [letter[0], letter] as const))('a late user whose rescue %s, and who is named in the dead-letter queue', (_, letter) => {
    const { s, untilMs } = during('bake', (t) => { const use = t.use('Decrypt', 'k1', 'DisabledException'); bury(t, letter); return use; }, 5);
    expect(verdictOf(s, '6 a late user is rescued', { untilMs })).toMatchObject({ status: 'held', ...none });
  });

  test('a late user whose version is taken back, or is about to be, two hours later', () => {
    for (const tell of [(s: Story) => rescuedAfter(s, 7200), (s: Story) => rescuedAfter(s, 7200, { status: 'DEPRECATED' })]) {
      const { s, untilMs } = during('bake', tell, 5);
      expect(verdictOf(s, '6 a late user is rescued', { untilMs })).toMatchObject({ status: 'held', ...none });
    }
  });

  test('a late user of a version of which somebody has restored the table, whose key was just enabled, or is just being disabled', () => {
    const restored = during('bake', (s) => { s.use('Decrypt', 'k1', 'DisabledException'); s.as(EVE, () => s.put('META', s.required(), { ...s.required() })); return s.seq; }, 2);
    const enabled = during('bake', (s) => { s.setState('k1', 'Enabled'); return s.use('Decrypt', 'k1', 'DisabledException'); }, 2);
    const uncommitted = during('disable', (s, original) => { original(); return s.use('Decrypt', 'k1', 'DisabledException'); }, 2);
    const refused = during('bake', (s) => s.use('Decrypt', 'k1', 'AccessDeniedException'), 2);
    for (const { s, untilMs } of [restored, enabled, uncommitted, refused]) expect(verdictOf(s, '6 a late user is rescued', { untilMs })).toMatchObject({ status: 'not-checkable', ...none });
  });

  test('a late user two hours before the end of the trace', () => {
    const { s } = during('bake', (t) => t.use('Decrypt', 'k1', 'DisabledException'));
    expect(verdictOf(s, '6 a late user is rescued', { untilMs: s.atMs + 7_200_000 }).status).toBe('not-checkable');
    expect(verdictOf(s, '6 a late user is rescued', { untilMs: s.atMs + 7_200_001 }).status).toBe('violated');
  });

  test('a use that fails because somebody else has disabled the key', () => {
    const { s, untilMs } = during('bake', (t) => { t.as(EVE, () => t.setState('k1', 'Enabled')); t.as(EVE, () => t.setState('k1', 'Disabled')); return t.use('Decrypt', 'k1', 'DisabledException'); }, 3);
    expect(verdictOf(s, '6 a late user is rescued', { untilMs })).toMatchObject({ status: 'not-checkable', ...none });
  });

  test('a use of a retired key that somebody else has pointed the alias to', () => {
    const invariant = '5 old data is readable for as long as was promised';
    const { s } = during('bake', (t) => { t.as(EVE, () => t.point(ALIAS, 'k1')); return t.use('Encrypt', 'k1', 'DisabledException'); });
    expect(verdictOf(s, invariant)).toMatchObject({ status: 'held', ...none });
    const early = during('create', (t, original) => { original(); t.point(ALIAS, 'k2'); t.setState('k1', 'Disabled'); return t.use('Encrypt', 'k1', 'DisabledException'); });
    expectViolation(invariant, early);
  });

  test('the claim of an emergency that marks its own version', () => {
    const { s } = during('bake', (t) => { t.write('EmergencyApproved', 'x', { emergency: emergency(t, 2) }); claim(t, 'orders-20260401T0000Z-e1', '20260401T0000Z'); return t.write('RotationSettled', A2, t.version(2, { compromisedAt: t.now })); });
    expect(verdictOf(s, '6 only the version of an emergency is marked as compromised')).toMatchObject({ status: 'held', ...none });
  });
});
