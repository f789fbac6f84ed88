import { plusSeconds } from '../../../lambdas/domain/instant';
import type { ManagedKey } from '../../../lambdas/domain/managed-key';
import type { Json } from '../../../lambdas/domain/trace';
import { MUTATION_BUDGETS } from '../../../lambdas/domain/checker/rules/mutation-budget';
import { expectViolation, type BadTrace, type Evidence } from './expect-violation';
import { A1, A2, ALIAS, claim, DAY, emergency, story, verdictOf, type Story } from './story';

const EVE = { actor: 'arn:aws:iam::111122223333:user/eve' };

/** The alarm on the machine, as the stack has it. */
function cloudWatch(s: Story, alarm = 'executions-aborted'): void {
  s.as({ actor: 'cloudwatch.amazonaws.com' }, () => { s.emit('sns.published', { topic: 'alerts', subject: `ALARM: "${alarm}"`, message: 'm', attributes: {} }); });
}

function restore(s: Story, to: ManagedKey | null): void {
  s.as(EVE, () => { s.put('META', s.required(), to); });
}

function living(tell: (s: Story) => number): Evidence {
  let proof = -1;
  const s = story({ live: (t, original) => { original(); proof = tell(t); } }, 'live');
  return { s, proof: [proof] };
}

function redrive(s: Story, execution = A2): void {
  s.emit('states.execution-redriven', { execution, redriveCount: 1 });
}

function ending(tell: (s: Story) => number, days = 0): Evidence {
  const evidence = living((s) => { claim(s, A2, '20260401T0000Z'); return tell(s); });
  return { ...evidence, untilMs: evidence.s.atMs + days * DAY * 1000 };
}

/** The trace goes on for a day, in which nothing happens. */
function aDayOn(evidence: Evidence): Evidence {
  return { ...evidence, untilMs: evidence.s.atMs + DAY * 1000 };
}

function quiet(change: (s: Story) => Parameters<Story['write']>[2], days = 3): Evidence {
  const evidence = living((s) => s.write('PolicyChanged', 'r', change(s)));
  return { ...evidence, untilMs: evidence.s.atMs + days * DAY * 1000 };
}

const BAD: readonly BadTrace[] = [
  ['5 the alias always works', "a call that fails because keyturn disabled the alias's key", () => living((s) => { s.setState('k1', 'Disabled'); return s.use('Encrypt', ALIAS, 'DisabledException'); })],
  ['5 the alias always works', 'a call that fails because keyturn deleted the alias', () => living((s) => { s.point(ALIAS, null); return s.use('Encrypt', ALIAS, 'NotFoundException'); })],
  ['5 the alias always works', 'a call that fails because keyturn pointed the alias to a disabled key', () =>
    living((s) => { s.createKey('k5'); s.as(EVE, () => s.setState('k5', 'Disabled')); s.wait(3600); s.point(ALIAS, 'k5'); return s.use('Encrypt', ALIAS, 'DisabledException'); })],
  ['5 old data is readable until its version is disabled', 'old ciphertext that does not decrypt in the drain', () => {
    let proof = -1;
    const s = story({ drain: (t) => { t.setState('k1', 'Disabled'); proof = t.use('Decrypt', 'k1', 'DisabledException'); } }, 'drain');
    return { s, proof: [proof] };
  }],
  ['5 a promotion takes no permission away', 'a consumer that may not use the new key', () => {
    let proof = -1;
    const s = story({ useNew: (t) => (proof = t.use('Encrypt', ALIAS, 'AccessDeniedException')) }, 'useNew');
    return { s, proof: [proof] };
  }],
  ['10 executions end in a known place', 'an unknown outcome', () => ending((s) => s.end(A2, 'SUCCEEDED', 'perhaps'))],
  ['10 executions end in a known place', 'no outcome', () => ending((s) => s.end(A2, 'SUCCEEDED'))],
  ['10 every failed rotation is alerted', 'an execution that failed in silence', () => ending((s) => s.end(A2, 'FAILED'), 1)],
  ['10 every failed rotation is alerted', 'an abort in silence', () => ending((s) => s.end(A2, 'SUCCEEDED', 'aborted'), 1)],
  ['10 every failed rotation is alerted', 'an alert about another key only', () => ending((s) => { s.traceId = undefined; s.alert('invoices'); return s.end(A2, 'ABORTED'); }, 1)],
  ['10 one alert per failure', 'two alerts about one failure', () => ending((s) => { s.emit('states.state-entered', { execution: A2, state: 'Classify Failure' }); const first = s.alert(); s.alert(); s.end(A2, 'FAILED'); return first; })],
  ['10 every failed rotation is alerted', 'an abort that only a question was published about', () => ending((s) => { s.alert('orders', 'approval/1'); return s.end(A2, 'SUCCEEDED', 'aborted'); }, 1)],
  ['10 one alert per question', 'two questions of a state that waited once', () =>
    ending((s) => { s.emit('states.state-entered', { execution: A2, state: 'Await Approval' }); const first = s.alert('orders', 'approval/1'); s.alert('orders', 'approval/2'); s.end(A2, 'FAILED'); return first; })],
  ['10 one alert per question', 'a question that no state waits for', () => ending((s) => { const first = s.alert('orders', 'approval/1'); s.end(A2, 'FAILED'); return first; })],
  ['10 an end with the lease is alerted', 'an execution that ended with the lease, and was alerted only before', () => ending((s) => { s.alert('orders', 'failure'); return s.end(A2, 'ABORTED'); }, 1)],
  ['10 an end with the lease is alerted', 'an execution that ended with the lease, and was alerted a day later', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(DAY); s.alert(); return end; }, 1)],
  ...([['an alarm about something else', 0, 'starter-silent'], ['an alarm 76 minutes later', 76, 'executions-aborted']] as const).map(([what, minutes, alarm]): BadTrace => [
    '10 every failed rotation is alerted', `the end of an execution that has not owned the key yet, and ${what}`,
    () => aDayOn(living((s) => { const end = s.end('orders-20990101T0000Z-a1', 'ABORTED'); s.wait(minutes * 60); cloudWatch(s, alarm); return end; })),
  ]),
  ['10 every failed rotation is alerted', 'the end of an execution that has not owned the key yet, and an alarm before it', () =>
    aDayOn(living((s) => { cloudWatch(s); s.wait(1); return s.end('orders-20990101T0000Z-a1', 'ABORTED'); }))],
  ['10 every failed rotation is alerted', 'an abort, and an alarm of another execution', () => ending((s) => { const end = s.end(A2, 'SUCCEEDED', 'aborted'); cloudWatch(s); return end; }, 1)],
  ['10 every failed rotation is alerted', 'an abort, and an alert from before its start', () => aDayOn(living((s) => { s.alert('orders', 'failure'); s.wait(1); claim(s, A2, '20260401T0000Z'); return s.end(A2, 'SUCCEEDED', 'aborted'); }))],
  ['10 every failed rotation is alerted', 'an abort, and an alert 76 minutes later', () => ending((s) => { const end = s.end(A2, 'SUCCEEDED', 'aborted'); s.wait(76 * 60); s.alert('orders', 'failure'); return end; }, 1)],
  ['10 every failed rotation is alerted', "an owner's end that only CloudWatch tells of", () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(300); cloudWatch(s); return end; }, 1)],
  ['10 an end with the lease is alerted', 'a lease that was given back when nothing of its execution can have run any more', () =>
    ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(61); s.write('RotationAborted', A2, { lease: null }); return end; }, 1)],
  ['10 a queued alert stays until it is published', 'an alert that was struck off instead of published', () => living((s) => { s.queue('lost'); s.alert('orders', 'another'); return s.strike('lost'); })],
  ['10 queued alerts are published', 'an alert that waits for ever', () => { const evidence = living((s) => s.queue('waiting')); return { ...evidence, untilMs: evidence.s.atMs + 3 * DAY * 1000 }; }],
  ...[...MUTATION_BUDGETS].map(([operation, budget]): BadTrace => [
    '11 KMS mutations stay within their budgets', `one ${operation} too many`,
    () => ending((s) => { let last = -1; for (let call = 0; call <= budget; call++) last = s.call(operation, call % 2 === 0 ? null : 'KMSInternalException'); s.end(A2, 'FAILED'); return last; }),
  ]),
  ['5 old data is readable until its version is disabled', 'a key that keyturn disabled after somebody put the registry back', () =>
    living((s) => { s.as(EVE, () => s.write('PolicyChanged', 'eve', {})); s.setState('k1', 'Disabled'); return s.use('Decrypt', 'k1', 'DisabledException'); })],
  ['5 the alias always works', 'a key that somebody else disabled, that worked again, and that keyturn disabled', () =>
    living((s) => { s.as(EVE, () => s.setState('k1', 'Disabled')); s.as(EVE, () => s.setState('k1', 'Enabled')); s.setState('k1', 'Disabled'); return s.use('Encrypt', ALIAS, 'DisabledException'); })],
  ['10 an end with the lease is alerted', 'an execution that was redriven and ended with the lease again', () => ending((s) => { s.end(A2, 'ABORTED'); s.wait(60); redrive(s); s.wait(60); return s.end(A2, 'ABORTED'); }, 1)],
  ['10 an end with the lease is alerted', 'an end that was redriven after 76 minutes', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(76 * 60); redrive(s); return end; }, 1)],
  ['10 an end with the lease is alerted', 'an end that was redriven when another execution had taken the lease over', () =>
    ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(600); claim(s, 'orders-20260401T0000Z-a2', '20260401T0000Z'); s.wait(600); redrive(s); return end; }, 1)],
  ['10 an end with the lease is alerted', "another execution's redrive", () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(60); redrive(s, A1); return end; }, 1)],
  ['10 an end with the lease is alerted', 'an end after which only something was asked', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(60); s.alert('orders', 'approval/1'); return end; }, 1)],
  ['10 an end with the lease is alerted', 'an end that is alerted after 76 minutes', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(76 * 60); s.alert('orders', 'ended'); return end; }, 1)],
  ['10 every failed rotation is alerted', 'an alarm about one whose key somebody else has changed, and that keeps it', () => ending((s) => { const end = s.end(A2, 'ABORTED'); restore(s, s.required()); cloudWatch(s); return end; }, 1)],
  ['10 an end with the lease is alerted', 'one whose lease a restored table has forgotten a day later', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(DAY); restore(s, { ...s.required(), lease: null }); return end; }, 1)],
  ['10 an end with the lease is alerted', "one whose namesake in another stack's table is forgotten", () => ending((s) => {
    const end = s.end(A2, 'ABORTED');
    const item: Readonly<Record<string, Json>> = { ...(JSON.parse(JSON.stringify(s.required())) as object), pk: 'KEY#orders', sk: 'META' };
    const write = (before: typeof item | null, after: typeof item): void => { s.as(EVE, () => s.emit('dynamodb.item-written', { table: 'other', pk: 'KEY#orders', sk: 'META', before, after })); };
    write(null, item);
    write(item, { ...item, lease: null });
    return end;
  }, 1)],
  ['12 no lease stays with a dead execution', 'a lease that outlives its execution', () => ending((s) => s.end(A2, 'TIMED_OUT'), 2)],
  ['12 no lease stays with a dead execution', 'a lease that outlives its execution by half a day without a quarantine', () => ending((s) => s.end(A2, 'TIMED_OUT'), 0.5)],
  ['12 no lease stays with a dead execution', 'a lease that an approved emergency has not taken over', () => ending((s) => { s.write('EmergencyApproved', 'x', { emergency: emergency(s, 1) }); return s.end(A2, 'ABORTED'); }, 2)],
  ['12 no lease stays with a dead execution', 'a lease of a held key whose end nobody was told of', () => ending((s) => { s.write('HoldSet', 'eve', { hold: { by: 'eve', at: s.now, reason: 'y' } }); return s.end(A2, 'ABORTED'); }, 2)],
  ['12 no lease stays with a dead execution', 'a lease that no run takes over for more than a day after people have looked', () => ending((s) => { s.end(A2, 'ABORTED'); return s.write('OwnerEnded', 'handler', { endedOwner: { rotationId: A2, at: s.now }, dueAt: s.now }); }, 2)],
  ['12 every due key completes or awaits a person', 'a key that nobody starts', () => quiet((s) => ({ dueAt: s.now }))],
  ['12 every due key completes or awaits a person', 'a quarantine that nobody hears of', () => quiet((s) => ({ quarantine: { by: 'x', at: s.now, reason: 'y' } }))],
  ['12 every due key completes or awaits a person', 'a freeze that nobody hears of', () => { const evidence = living((s) => s.put('FREEZE', null, { reason: 'y' })); return { ...evidence, untilMs: evidence.s.atMs + 3 * DAY * 1000 }; }],
];

describe('consumers, endings, budgets, liveness', () => {
  test.each(BAD)('%s: finds %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

  test.each([['FAILED', 'executions-failed'], ['TIMED_OUT', 'executions-timed-out'], ['ABORTED', 'executions-aborted']])("CloudWatch's alarm is enough for an execution that ended %s and has not owned the key yet", (status, alarm) => {
    const s = story({}, 'live');
    s.end('orders-20990101T0000Z-a1', status);
    s.wait(75 * 60);
    cloudWatch(s, alarm);
    expect(verdictOf(s, '10 every failed rotation is alerted', { untilMs: s.atMs + DAY * 1000 })).toMatchObject({ status: 'held', violations: [] });
  });

  test('an execution that ended while its last function gave the key back has not ended with the lease', () => {
    const { s, ...options } = ending((story) => { const end = story.end(A2, 'ABORTED'); story.wait(10); story.write('RotationAborted', A2, { lease: null }); return end; }, 1);
    expect(verdictOf(s, '10 an end with the lease is alerted', options).status).toBe('not-checkable');
  });

  test('nor has one that was redriven before anybody had to tell: the alarm is enough', () => {
    const { s, ...options } = ending((story) => { const end = story.end(A2, 'ABORTED'); story.wait(74 * 60); redrive(story); story.wait(30); cloudWatch(story); story.write('RotationCompleted', A2, { lease: null }); return end; }, 1);
    expect(verdictOf(s, '10 an end with the lease is alerted', options).status).toBe('not-checkable');
    expect(verdictOf(s, '10 every failed rotation is alerted', options)).toMatchObject({ status: 'held', violations: [] });
  });

  const LEGAL: readonly (readonly [string, string, () => Evidence])[] = [
    ['5 old data is readable until its version is disabled', 'a key that keyturn had disabled when somebody put the registry back', () =>
      living((s) => { s.setState('k1', 'Disabled'); s.as(EVE, () => s.write('PolicyChanged', 'eve', {})); return s.use('Decrypt', 'k1', 'DisabledException'); })],
    ['5 the alias always works', 'a key that somebody else disabled', () => living((s) => { s.as(EVE, () => s.setState('k1', 'Disabled')); return s.use('Encrypt', ALIAS, 'DisabledException'); })],
    ['5 the alias always works', 'a key that somebody else scheduled for deletion, and that is unavailable when keyturn cancels that', () =>
      living((s) => { s.as(EVE, () => s.setState('k1', 'PendingDeletion')); s.setState('k1', 'Unavailable'); return s.use('Encrypt', ALIAS, 'KMSInvalidStateException'); })],
    ['5 the alias always works', 'an alias that somebody else pointed to a key that keyturn disabled', () =>
      living((s) => { s.createKey('k5'); s.setState('k5', 'Disabled'); s.as(EVE, () => s.point(ALIAS, 'k5')); return s.use('Encrypt', ALIAS, 'DisabledException'); })],
    ['5 the alias always works', 'throttling', () => living((s) => s.use('Encrypt', ALIAS, 'ThrottlingException'))],
    ['5 old data is readable until its version is disabled', 'a use after the soft revoke', () => ({ s: story({ bake: (s, original) => { s.use('Decrypt', 'k1', 'DisabledException'); original(); } }), proof: [] })],
    ['5 a promotion takes no permission away', 'a permission that was lost later', () => ({ s: story({ useNew: (s, original) => { original(); s.use('Encrypt', ALIAS, 'AccessDeniedException'); } }), proof: [] })],
    ['11 KMS mutations stay within their budgets', 'CreateKey calls that KMS refused', () => ending((s) => { for (let call = 0; call < 9; call++) s.call('CreateKey', 'ThrottlingException'); s.call('CreateKey'); return s.end(A2, 'FAILED'); })],
    ['10 every failed rotation is alerted', 'an alert by the rule for ended executions, later', () => ending((s) => { const end = s.end(A2, 'TIMED_OUT'); s.wait(60); s.alert(); return end; }, 1)],
    ['12 no lease stays with a dead execution', 'a dead execution of a quarantined key', () => ending((s) => { s.end(A2, 'TIMED_OUT'); return s.write('FailureRecorded', 'handler', { quarantine: { by: 'x', at: s.now, reason: 'y' } }); }, 2)],
    ['12 no lease stays with a dead execution', 'a lease that an approved emergency is about to take over', () => ending((s) => { s.write('EmergencyApproved', 'x', { emergency: emergency(s, 1) }); return s.end(A2, 'ABORTED'); }, 0.5)],
    ['12 no lease stays with a dead execution', 'a lease that the next run takes over, once it is due', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.write('OwnerEnded', 'handler', { endedOwner: { rotationId: A2, at: s.now }, dueAt: plusSeconds(s.now, 1.5 * DAY) }); return end; }, 2)],
    ['12 no lease stays with a dead execution', 'a lease of a held key whose end a person has looked at', () =>
      ending((s) => { const end = s.end(A2, 'ABORTED'); s.write('HoldSet', 'eve', { hold: { by: 'eve', at: s.now, reason: 'y' }, endedOwner: { rotationId: A2, at: s.now } }); return end; }, 2)],
    ['10 one alert per question', 'one question each time that the state waits', () =>
      ending((s) => { for (const id of ['1', '2']) { s.emit('states.state-entered', { execution: A2, state: 'Await Approval' }); s.alert('orders', `approval/${id}`); s.alert('orders', `approval/${id}`); } return s.end(A2, 'FAILED'); })],
    ['10 an end with the lease is alerted', 'an end after which people hear that nobody answered in time', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(60); s.alert('orders', 'approval/1/expired'); return end; }, 1)],
    ['10 an end with the lease is alerted', 'an end that is alerted after 74 minutes, when a service was away for an hour', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(74 * 60); s.alert('orders', 'ended'); return end; }, 1)],
    ['10 an end with the lease is alerted', 'an end that is alerted a minute later', () => ending((s) => { const end = s.end(A2, 'ABORTED'); s.wait(60); s.alert('orders', 'ended'); return end; }, 1)],
    ['10 every failed rotation is alerted', 'an alarm about one whose lease a restored table has forgotten', () => ending((s) => { const end = s.end(A2, 'ABORTED'); restore(s, { ...s.required(), lease: null }); cloudWatch(s); return end; }, 1)],
    ['10 every failed rotation is alerted', 'an alarm about one whose key a restored table has forgotten', () => ending((s) => { const end = s.end(A2, 'ABORTED'); restore(s, null); cloudWatch(s); return end; }, 1)],
    ['10 every failed rotation is alerted', 'an alert that the topic did not take', () => ending((s) => { s.queue('failure'); return s.end(A2, 'FAILED'); }, 1)],
    ['10 queued alerts are published', 'an alert that reconcile delivers later', () => { const evidence = living((s) => { s.queue('a'); s.wait(DAY / 2); s.alert('orders', 'a'); return s.strike('a'); }); return { ...evidence, untilMs: evidence.s.atMs + 3 * DAY * 1000 }; }],
    ['12 every due key completes or awaits a person', 'a quarantine whose alert is queued', () => { const evidence = living((s) => { s.queue('a'); return s.write('PolicyChanged', 'r', { quarantine: { by: 'x', at: s.now, reason: 'y' } }); }); return { ...evidence, untilMs: evidence.s.atMs + 3 * DAY * 1000 }; }],
    ['12 every due key completes or awaits a person', 'a quarantine with its alert', () => { const evidence = living((s) => { s.alert(); return s.write('PolicyChanged', 'r', { quarantine: { by: 'x', at: s.now, reason: 'y' } }); }); return { ...evidence, untilMs: evidence.s.atMs + 3 * DAY * 1000 }; }],
    ['12 every due key completes or awaits a person', 'a paused key', () => quiet((s) => ({ dueAt: s.now, pause: { by: 'x', at: s.now, reason: 'y', until: s.now } }))],
  ];
  test.each(LEGAL)('%s: allows %s', (invariant, _, build) => {
    const { s, untilMs } = build();
    expect(verdictOf(s, invariant, untilMs === undefined ? {} : { untilMs })).toMatchObject({ status: 'held', violations: [] });
  });
});
