import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { AwsError } from '../../local/kernel/aws-error';
import { LostAnswer } from '../../local/wire/message';
import { CONSUMER, CONSUMER_SESSION, DAY, HOUR, Scenario, SHORT, type Reply } from '../support/scenario';
import { active, aliasTarget, edit, endings, statuses } from '../support/outsider';
import { policyOf } from '../support/policies';

const NEXT = 'orders-20260610T0000Z';
const PROBE = 'arn:aws:lambda:eu-central-1:111122223333:function:orders-probe';
const detailOf = (event: { detail: unknown }) => event.detail as { version: number; phase: string };
const yes = (version: number): Reply => ({ verdict: 'yes', version, by: CONSUMER_SESSION });

/** To the end of the first attempt of the rotation after the bootstrap, if it fails. */
const untilFirstEnd = 9 * DAY + 12 * HOUR;

describe('a dependent that is asked by an event', () => {
  test.each<[string, (version: number) => Reply, string]>([
    ['says nothing', () => null, 'DependentsNotReady'],
    ['says no', (version) => ({ ...yes(version)!, verdict: 'no', reason: 'not deployed' }), 'DependentRefused'],
    ['answers for another version', (version) => yes(version - 1), 'DependentsNotReady'],
    ['answers as somebody else', (version) => ({ ...yes(version)!, by: 'arn:aws:iam::111122223333:user/mallory' }), 'DependentsNotReady'],
    ['answers with another role', (version) => ({ ...yes(version)!, by: 'arn:aws:sts::111122223333:assumed-role/payments-api/i-1' }), 'DependentsNotReady'],
    ['answers with a role of that name in another account', (version) => ({ ...yes(version)!, by: 'arn:aws:sts::999999999999:assumed-role/orders-api/i-1' }), 'DependentsNotReady'],
    ['answers with a user of that name', (version) => ({ ...yes(version)!, by: 'arn:aws:iam::111122223333:user/orders-api' }), 'DependentsNotReady'],
  ])('and %s keeps the old version ACTIVE; the next attempt succeeds once it says yes', async (_, reply, error) => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    scenario.reply = (event) => reply(detailOf(event).version);
    // A no ends the attempt within the hour, silence after half a day.
    await scenario.pass(error === 'DependentRefused' ? 9 * DAY : untilFirstEnd);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}-a1: aborted`]);
    expect(aliasTarget(scenario)).toBe(first);
    expect(await scenario.key()).toMatchObject({ lastFailure: { state: 'Promote Key Version', error }, versions: { v1: { status: 'ACTIVE' }, v2: { status: 'PENDING' } } });
    expect(scenario.alerts()).toHaveLength(1);

    scenario.reply = (event) => yes(detailOf(event).version);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(2)).toEqual([`${NEXT}-a2: completed`]);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });

  test.each(['i-0123456789', 'another-session'])('counts whatever the session of its role is named: %s', async (session) => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = (event) => ({ ...yes(detailOf(event).version)!, by: `arn:aws:sts::111122223333:assumed-role/orders-api/${session}` });
    await scenario.pass(12 * DAY);
    expect((await active(scenario)).number).toBe(2);
  });

  test('is told the acknowledgement id, the key and the public key, and never a task token', async () => {
    const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY' }));
    await scenario.pass(untilFirstEnd);
    const events = scenario.world.trace.events().flatMap((event) => (event.type === 'events.event-put' && event.source === 'keyturn' ? [event] : []));
    expect(events.map(({ detailType }) => detailType)).toEqual(['Key Version Prepared', 'Key Version Promoted']);
    expect(events[0]!.detail).toMatchObject({
      dependent: 'orders-api',
      phase: 'ready',
      version: 2,
      alias: 'alias/orders',
      publicKey: expect.stringMatching(/^MFkw/),
      acknowledgementId: expect.stringMatching(/^[0-9a-f]{40}$/),
      acknowledgeUrl: expect.stringMatching(/^https:/),
    });
    expect(events[1]!.detail).toMatchObject({ phase: 'released', version: 1, activeVersion: 2 });
    expect(JSON.stringify(events)).not.toMatch(/token/i);
  });

  test('whose callback is lost is promoted all the same: the answer is in the registry', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.world.fault = ({ operation }) => (operation === 'SendTaskSuccess' ? new AwsError('InternalServerException', 'lost', 500) : 'none');
    await scenario.pass(25 * DAY);
    expect(endings(scenario)[1]).toBe(`${NEXT}-a1: completed`);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('is not promoted by a bare callback with its task token', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = () => null;
    let token: unknown;
    scenario.world.interceptAll = async (call, next) => {
      const values = (call.input as { ExpressionAttributeValues?: Record<string, { S?: string }> }).ExpressionAttributeValues;
      token ??= values?.[':taskToken']?.S;
      return next();
    };
    await scenario.pass(8 * DAY + 12 * HOUR);
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    expect(token).toEqual(expect.any(String));
    scenario.world.states.call('SendTaskSuccess', { taskToken: token, output: '{"verdict":"yes"}' });
    await scenario.advance(HOUR);
    expect(await statuses(scenario)).toBe('v1 ACTIVE, v2 PENDING');
    expect((await scenario.key()).lastFailure).toMatchObject({ error: 'DependentsNotReady' });
  });

  test('cannot take a yes back', async () => {
    const scenario = await Scenario.bootstrapped();
    let answers = 0;
    scenario.reply = (event) => yes(detailOf(event).version);
    scenario.world.bus.onEvent((event) => {
      if (event.source !== 'keyturn' || answers++ > 0) return;
      const { acknowledgementId, version } = event.detail as { acknowledgementId: string; version: number };
      scenario.world.timeline.after(11 * 60_000, 'regret', async () => {
        const body = JSON.stringify({ acknowledgementId, version, verdict: 'no' });
        const result = await scenario.world.invoke('acknowledge', {
          body,
          requestContext: { timeEpoch: scenario.world.timeline.nowMs(), http: { method: 'POST' }, authorizer: { iam: { userArn: CONSUMER_SESSION } } },
        });
        expect(result).toMatchObject({ ok: true, payload: { statusCode: 200, body: expect.stringContaining('"already-answered","verdict":"yes"') } });
      });
    });
    await scenario.pass(12 * DAY);
    expect((await active(scenario)).number).toBe(2);
    expect.assertions(2);
  });

  test('that is added during a rotation must be ready, too: it is asked by the next attempt', async () => {
    const scenario = await Scenario.bootstrapped();
    await scenario.pass(8 * DAY + 12 * HOUR);
    await scenario.world.fireSchedule();
    await scenario.world.timeline.settle();
    const added: KeyPolicy['dependents'][number] = { name: 'billing', kind: 'event', principal: CONSUMER, acknowledgeWithinSeconds: 3600 };
    await edit(scenario, ({ policy }) => ({ policy: { ...policy, dependents: [...policy.dependents, added] } }));
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}-a1: aborted`, `${NEXT}-a2: completed`]);
    expect((await scenario.ledger()).find(({ type }) => type === 'FailureRecorded')?.facts).toMatchObject({ error: 'DependentsNotReady' });
  });
});

describe('a dependent that is asked by a probe', () => {
  const policy = policyOf({ ...SHORT, dependents: [{ name: 'orders-probe', kind: 'probe', functionArn: PROBE, acknowledgeWithinSeconds: 900 }] });
  const payload = (answer: unknown) => ({ StatusCode: 200, Payload: Buffer.from(JSON.stringify(answer)).toString('base64') });

  /** Answers every question to the probe. */
  function probing(scenario: Scenario, answer: (question: { phase?: string; version: number }) => unknown): void {
    scenario.world.interceptAll = async (call, next) => {
      if (call.service !== 'lambda') return next();
      const { FunctionName, Payload } = call.input as { FunctionName: string; Payload: string };
      expect(FunctionName).toBe(PROBE);
      return answer(JSON.parse(Buffer.from(Payload, 'base64').toString()) as { version: number });
    };
  }

  test('and says yes is asked before promotion and before retirement', async () => {
    const scenario = await Scenario.bootstrapped(policy);
    const asked: string[] = [];
    probing(scenario, ({ phase, version }) => {
      asked.push(`${phase} v${version}`);
      return payload({ verdict: 'yes', version });
    });
    await scenario.pass(25 * DAY);
    expect(endings(scenario)[1]).toBe(`${NEXT}-a1: completed`);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(asked).toEqual(['ready v2', 'released v1']);
    expect(scenario.violations()).toEqual([]);
  });

  test.each<[string, (version: number) => unknown]>([
    ['says no', (version) => payload({ verdict: 'no', version, reason: 'old release' })],
    ['says yes to another version', (version) => payload({ verdict: 'yes', version: version + 1 })],
    ['answers something else', () => payload('ready')],
    ['answers null', () => payload(null)],
    ['answers a version as text', (version) => payload({ verdict: 'yes', version: String(version) })],
    ['throws', () => ({ StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from('{"errorMessage":"boom"}').toString('base64') })],
  ])('and %s keeps the old version ACTIVE; the next attempt asks again', async (_, answer) => {
    const scenario = await Scenario.bootstrapped(policy);
    probing(scenario, ({ version }) => answer(version));
    await scenario.pass(untilFirstEnd);
    expect((await scenario.key()).lastFailure).toMatchObject({ error: 'DependentRefused' });
    expect(await statuses(scenario)).toBe('v1 ACTIVE, v2 PENDING');

    probing(scenario, ({ version }) => payload({ verdict: 'yes', version }));
    await scenario.pass(12 * DAY);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('and cannot be reached is asked again in the same attempt', async () => {
    const scenario = await Scenario.bootstrapped(policy);
    let failures = 0;
    probing(scenario, ({ version }) => {
      if (failures++ < 2) throw new LostAnswer();
      return payload({ verdict: 'yes', version });
    });
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1).filter((ending) => ending.includes('aborted'))).toEqual([]);
    expect((await active(scenario)).number).toBe(2);
  });
});

describe('several dependents', () => {
  const dependents = ['a', 'b', 'c'].map((name) => ({ name, kind: 'event' as const, principal: CONSUMER, acknowledgeWithinSeconds: 3600 }));

  test('must all say yes: one silent dependent stops the promotion', async () => {
    const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents }));
    scenario.reply = (event) => ((event.detail as { dependent: string }).dependent === 'b' ? null : yes(detailOf(event).version));
    await scenario.pass(untilFirstEnd);
    expect((await scenario.ledger()).findLast(({ type }) => type === 'FailureRecorded')?.facts).toMatchObject({ error: 'DependentsNotReady' });
    expect(await statuses(scenario)).toBe('v1 ACTIVE, v2 PENDING');
  });
});
