import { audit, TOLD, type Audit, type AuditMaterial } from '../../lambdas/domain/audit/audit';
import type { CloudTrailRecord } from '../../lambdas/domain/audit/cloudtrail';
import { replay } from '../../lambdas/domain/audit/replay';
import { check, isKeyturnRole } from '../../lambdas/domain/checker';
import { instantOf } from '../../lambdas/domain/instant';
import { GENESIS_HASH, hashOf, type LedgerEvent, type LedgerEventType } from '../../lambdas/domain/ledger';
import { activeVersion, type KeyVersion, type ManagedKey } from '../../lambdas/domain/managed-key';
import type { TraceEvent } from '../../lambdas/domain/trace';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { callKms, foreignKey, OUTSIDER } from '../support/outsider';
import { ALICE, answer, BOB, post, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** What CloudTrail would have recorded of KMS: what was applied, in whole seconds, newest first. */
function recordsOf(events: readonly TraceEvent[]): readonly CloudTrailRecord[] {
  const STATES: Readonly<Record<string, string>> = { Disabled: 'DisableKey', Enabled: 'EnableKey', PendingDeletion: 'ScheduleKeyDeletion', Deleted: 'DeleteKey' };
  return events
    .flatMap((event): CloudTrailRecord[] => {
      const base = { eventID: String(event.seq), eventTime: `${instantOf(event.atMs).slice(0, 19)}Z`, actor: event.actor };
      const arn = (keyId: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`;
      if (event.type === 'kms.key-state-changed') {
        const eventName = event.from === 'PendingDeletion' && event.to === 'Disabled' ? 'CancelKeyDeletion' : STATES[event.to];
        return eventName === undefined ? [] : [{ ...base, eventName, requestParameters: { keyId: event.keyId }, keyArn: arn(event.keyId) }];
      }
      if (event.type === 'kms.alias-changed') {
        const eventName = event.to === null ? 'DeleteAlias' : event.from === null ? 'CreateAlias' : 'UpdateAlias';
        return [{ ...base, eventName, requestParameters: { aliasName: event.alias, ...(event.to !== null && { targetKeyId: arn(event.to) }) } }];
      }
      if (event.type !== 'kms.key-used') return [];
      return [{ ...base, eventName: event.operation, requestParameters: { keyId: event.alias ?? event.keyId }, ...(event.keyId !== null && { keyArn: arn(event.keyId) }), ...(event.error !== null && { errorCode: event.error }) }];
    })
    .reverse();
}

async function materialOf(scenario: Scenario): Promise<AuditMaterial> {
  const registry = scenario.world.composition('claim-rotation').registry();
  const { key, freeze } = (await registry.read('orders'))!;
  const [terminalVersions, ledger] = [await registry.terminalVersions('orders'), await registry.ledger('orders')];
  return { key, freeze, terminalVersions, ledger, at: instantOf(scenario.world.timeline.nowMs()), isKeyturn: isKeyturnRole };
}

async function withCloudTrail(scenario: Scenario): Promise<AuditMaterial> {
  return { ...(await materialOf(scenario)), cloudTrail: recordsOf(scenario.world.trace.events()) };
}

const violationsOf = ({ verdicts }: Audit): readonly string[] => verdicts.flatMap(({ invariant, violations }) => violations.map(({ message }) => `${invariant}: ${message}`));
const withStatus = ({ verdicts }: Audit, status: string): readonly string[] => verdicts.filter((verdict) => verdict.status === status).map(({ invariant }) => invariant);

const ALONE = policyOf({ ...SHORT, dependents: [] });

/** A service that uses the alias while time passes. */
async function passWithUses(scenario: Scenario, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    callKms(scenario, 'Encrypt', { KeyId: 'alias/orders', Plaintext: Buffer.from('hello').toString('base64') });
    await scenario.pass(DAY);
  }
}

const LIVES: Readonly<Record<string, () => Promise<Scenario>>> = {
  'of three rotations': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await passWithUses(scenario, 45);
    return scenario;
  },
  'with a hold': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await scenario.pass(12 * DAY);
    await post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' });
    await scenario.pass(10 * DAY);
    await post(scenario, 'operate', ALICE, { action: 'release', key: 'orders', reason: 'it is over' });
    await scenario.pass(25 * DAY);
    return scenario;
  },
  'with a late user': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    for (let day = 0; day < 30 && (await scenario.key()).versions['v1']?.status !== 'DISABLED'; day++) await scenario.pass(DAY / 2);
    const { kmsKeyId = '' } = (await scenario.key()).versions['v1'] ?? {};
    const detail = { eventID: 'e-1', eventTime: instantOf(scenario.world.timeline.nowMs()), eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: BOB }, resources: [{ ARN: `arn:aws:kms:eu-central-1:111122223333:key/${kmsKeyId}` }] };
    await scenario.world.invoke('rescue-version', { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.kms', detail });
    await scenario.pass(3 * DAY);
    expect((await scenario.key()).versions['v1']?.status).toBe('DEPRECATED');
    return scenario;
  },
  'with an emergency': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await scenario.pass(12 * DAY);
    const { approvalId } = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'a leak' });
    expect(await answer(scenario, BOB, approvalId)).toMatchObject({ status: 'done' });
    await scenario.pass(8 * DAY);
    return scenario;
  },
  'whose owner was stopped': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await scenario.pass(10 * DAY);
    const { lease } = await scenario.key();
    scenario.world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${lease?.rotationId ?? ''}` });
    await reconciled(scenario, HOUR);
    await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'I have looked' });
    await scenario.pass(20 * DAY);
    expect((await scenario.ledger()).some(({ facts }) => facts?.['takenOverFrom'] !== undefined)).toBe(true);
    return scenario;
  },
  'of an adopted key': async () => {
    const scenario = new Scenario(ALONE);
    const keyId = foreignKey(scenario);
    callKms(scenario, 'CreateAlias', { AliasName: 'alias/orders', TargetKeyId: keyId });
    await scenario.world.register([policyOf({ ...SHORT, dependents: [], adopt: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}` })]);
    await scenario.pass(25 * DAY);
    expect((await scenario.key()).lastVersion).toBeGreaterThan(1);
    return scenario;
  },
  'with an accepted key': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await scenario.advance(2 * HOUR);
    const foreign = foreignKey(scenario);
    callKms(scenario, 'UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: foreign });
    await reconciled(scenario);
    const keyArn = `arn:aws:kms:eu-central-1:111122223333:key/${foreign}`;
    const { approvalId } = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'accept-key', keyArn }, reason: 'moved on purpose' });
    await answer(scenario, BOB, approvalId);
    await scenario.pass(25 * DAY);
    expect((await scenario.ledger()).some(({ facts }) => facts?.['accepted'] === keyArn)).toBe(true);
    return scenario;
  },
  'with a repair': async () => {
    const scenario = await Scenario.bootstrapped(ALONE);
    await scenario.advance(2 * HOUR);
    callKms(scenario, 'UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: foreignKey(scenario) });
    await reconciled(scenario);
    const { approvalId } = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'repoint-alias' }, reason: 'moved by mistake' });
    await answer(scenario, BOB, approvalId);
    await scenario.pass(25 * DAY);
    expect(await scenario.isFrozen()).toBe(false);
    return scenario;
  },
};

describe.each(Object.entries(LIVES))('a life %s', (_, live) => {
  test('is replayed from its ledger as it was, and audited without a complaint', async () => {
    const scenario = await live();
    const material = await materialOf(scenario);
    const told = ({ versions, fence, seq, head, lease, intent, hold, rescues, repair }: ManagedKey): unknown => ({
      seq, head, fence, lease: lease?.rotationId, intent: intent && [intent.kind, intent.version], isHeld: hold !== null, rescues: Object.keys(rescues), repair: repair?.approvalId,
      versions: Object.values(versions).map(({ number, status, kmsKeyId, rotationId, window }) => [number, status, kmsKeyId, rotationId, window]),
    });
    const written = scenario.world.trace.events().flatMap((event) => (event.type === 'dynamodb.item-written' && event.sk === 'META' && event.after !== null ? [event.after as unknown as ManagedKey] : []));
    const living = ({ versions, ...image }: ManagedKey): ManagedKey => ({ ...image, versions: Object.fromEntries(Object.entries(versions).filter(([, { status }]) => status !== 'ABANDONED' && status !== 'DESTROYED')) });
    expect(replay(material).map((image) => told(living(image)))).toEqual(written.map((image) => told(living(image))));

    const ofLedger = audit(material);
    expect(violationsOf(ofLedger)).toEqual([]);
    expect(ofLedger.lookedAt).toEqual({ ledgerEvents: material.ledger.length, cloudTrailEvents: null });
    expect(ofLedger.verdicts.filter(({ reason = '' }) => reason.includes('--cloudtrail')).length).toBeGreaterThan(8);
    expect(violationsOf(audit(await withCloudTrail(scenario)))).toEqual([]);
  });
});

test('what an approved repair went on without is told, and held against nobody', async () => {
  const scenario = await Scenario.bootstrapped(ALONE);
  await scenario.advance(2 * HOUR);
  await scenario.world.reconcile();
  const { seq } = await scenario.key();
  const Item = { pk: { S: 'KEY#orders' }, sk: { S: `LEDGER#${String(seq + 1).padStart(10, '0')}` }, seq: { N: String(seq + 1) }, type: { S: 'HoldSet' } };
  scenario.world.dynamodb.call('PutItem', { TableName: 'keyturn-registry', Item }, OUTSIDER);
  await scenario.world.reconcile();
  expect(violationsOf(audit(await materialOf(scenario)))).toEqual(expect.arrayContaining([expect.stringContaining(`event ${seq + 1} cannot be read`)]));
  const { approvalId } = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'rebaseline-ledger' }, reason: 'somebody wrote there' });
  await answer(scenario, BOB, approvalId);
  await scenario.pass(25 * DAY);
  const result = audit(await materialOf(scenario));
  expect(violationsOf(result)).toEqual([]);
  // The note about the question is counted, and stands behind the forged event.
  expect(result.disowned).toContain(seq + 1);
});

describe('what is judged', () => {
  let scenario: Scenario;
  let material: AuditMaterial;
  beforeAll(async () => {
    scenario = await LIVES['of three rotations']!();
    material = await withCloudTrail(scenario);
  });

  test('is named as the checker names it', () => {
    const names = new Set(check([]).map(({ invariant }) => invariant));
    expect(Object.keys(TOLD).filter((name) => !names.has(name))).toEqual([]);
  });

  test('rests on events, and what nobody tells is not checkable, with the reason', () => {
    const result = audit(material);
    expect(withStatus(result, 'held')).toEqual(expect.arrayContaining([
      '9 the hash chain verifies, up to the registry', '9 the registry stands where its ledger leads', '1 one adopted version per lineage', '2 exactly one ACTIVE version', '3 the alias follows the ACTIVE version',
      '3 a promotion is committed with the alias on it', '4 no retirement before its deadline', '4 drain and bake last as long as the policy says', '4 no version is disabled while it is in use', '5 the alias always works',
      '6 only the owner retires, by an intent', '7 statuses move along the table', '8 one owner per key',
    ]));
    expect(result.verdicts.every(({ status, restsOn, reason }) => (status === 'not-checkable' ? reason !== undefined : restsOn > 0))).toBe(true);
    expect(result.verdicts.find(({ invariant }) => invariant === '9 every transition has exactly one ledger event')).toMatchObject({ status: 'not-checkable', reason: 'neither the ledger nor CloudTrail tells' });
  });

  test.each<[string, Partial<AuditMaterial> | ((material: AuditMaterial) => Partial<AuditMaterial>), string, RegExp]>([
    ['a changed policy', ({ ledger }) => ({ ledger: [...ledger, { ...ledger.at(-1)!, type: 'PolicyChanged', moves: [] }] }), '4 drain and bake last as long as the policy says', /policy was changed/],
    ['a rescued version', ({ key }) => ({ key: { ...key, versions: { ...key.versions, v9: { ...Object.values(key.versions)[0]!, rescuedAt: key.dueAt } } } }), '4 no retirement before its deadline', /rescued/],
    ['a lease that was taken over', ({ ledger }) => ({ ledger: ledger.map((event) => ({ ...event, facts: { ...event.facts, takenOverFrom: 'x' } })) }), '8 one owner per key', /taken over/],
    ['no CloudTrail', { cloudTrail: undefined }, '5 the alias always works', /--cloudtrail/],
  ])('leaves out what %s hides', (_, change, invariant, reason) => {
    const result = audit({ ...material, ...(typeof change === 'function' ? change(material) : change) });
    expect(result.verdicts.find((verdict) => verdict.invariant === invariant)).toMatchObject({ status: 'not-checkable', reason: expect.stringMatching(reason) });
  });

  test.each<[string, (events: LedgerEvent[]) => LedgerEvent[], RegExp]>([
    ['a fact was changed by hand', (events) => changed(events, 'VersionCreated', (event) => ({ ...event, facts: { ...event.facts, kmsKeyId: 'forged' } })), /^9 the hash chain verifies.*does not have the hash of its content/],
    ['an event was deleted', (events) => events.filter((_, index) => index !== 5), /^9 the hash chain verifies.*event 6 is missing/],
    ['the end was cut off', (events) => events.slice(0, -1), /^9 the hash chain verifies.*ledger ends at event/],
    ['a move was changed, and the whole chain sealed again', (events) => resealed(changed(events, 'VersionDisabled', (event) => ({ ...event, moves: [{ version: 1, from: 'DEPRECATED', to: 'REVOKED' }] }))), /^7 statuses move along the table: orders v1 moved from DEPRECATED to REVOKED/],
  ])('finds out that %s', (_, tamper, complaint) => {
    const { cloudTrail: _unused, ...registryOnly } = material;
    const ledger = tamper([...material.ledger]);
    expect(violationsOf(audit({ ...registryOnly, ledger }))).toContainEqual(expect.stringMatching(complaint));
  });

  test('finds a version that was disabled before its deadline', () => {
    const [name, version] = Object.entries(material.key.versions).find(([, { status }]) => status === 'REVOKED')!;
    const key: ManagedKey = { ...material.key, versions: { ...material.key.versions, [name]: { ...version, disableNotBefore: material.at } } };
    expect(violationsOf(audit({ ...material, cloudTrail: undefined, key }))).toContainEqual(expect.stringMatching(/^4 no retirement before its deadline: orders v\d was disabled at/));
  });

  test('finds out that the registry was changed without its ledger', () => {
    const [name, version] = Object.entries(material.key.versions).find(([, { status }]) => status === 'REVOKED')!;
    const key: ManagedKey = { ...material.key, fence: 99, versions: { ...material.key.versions, [name]: { ...version, status: 'DISABLED' } } };
    expect(violationsOf(audit({ ...material, key }))).toEqual(
      expect.arrayContaining([expect.stringContaining(`${name} is DISABLED in the registry, the ledger led it to REVOKED`), expect.stringContaining('its fencing token is 99 in the registry')]),
    );
  });

  test.each<[string, (records: readonly CloudTrailRecord[]) => CloudTrailRecord[], RegExp]>([
    ['keyturn moved the alias back', (records) => [{ ...last(records, 'UpdateAlias'), eventID: 'x', eventTime: '2026-07-15T23:00:00Z', requestParameters: { aliasName: 'alias/orders', targetKeyId: material.key.versions['v1']?.kmsKeyId ?? '' } }], /^3 the alias follows the ACTIVE version/],
    ['keyturn disabled the ACTIVE key', (records) => [{ ...last(records, 'DisableKey'), eventID: 'x', eventTime: '2026-07-15T23:00:00Z', keyArn: active(material).kmsKeyArn }], /^2 the ACTIVE key stays usable/],
  ])('finds in CloudTrail that %s', (_, forge, complaint) => {
    expect(violationsOf(audit({ ...material, cloudTrail: [...material.cloudTrail!, ...forge(material.cloudTrail!)] }))).toContainEqual(expect.stringMatching(complaint));
  });

  test.each([0.2, 0.5, 0.8])('an export that ends or begins in the middle (%d) is no violation', (part) => {
    const records = material.cloudTrail!;
    const middle = Math.floor(records.length * part);
    for (const piece of [records.slice(middle), records.slice(0, middle)]) {
      const result = audit({ ...material, cloudTrail: piece });
      expect(violationsOf(result)).toEqual([]);
      expect(result.cloudTrailSpan).not.toBeNull();
    }
  });

  test('an empty export tells nothing of KMS', () => {
    const result = audit({ ...material, cloudTrail: [] });
    expect(result.verdicts.find(({ invariant }) => invariant === '3 the alias follows the ACTIVE version')).toMatchObject({ status: 'not-checkable', restsOn: 0 });
    expect(violationsOf(result)).toEqual([]);
  });

  test('blames nobody for what somebody else did, and for records of other keys', () => {
    const record = last(material.cloudTrail!, 'DisableKey');
    const others = [{ ...record, eventID: 'x', keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/other' }, { ...record, eventID: 'y', actor: BOB, eventTime: '2026-07-15T23:00:00Z', keyArn: active(material).kmsKeyArn }];
    const result = audit({ ...material, cloudTrail: [...material.cloudTrail!, ...others] });
    expect(violationsOf(result)).toEqual([]);
    expect(result.lookedAt.cloudTrailEvents).toBe(1 + audit(material).lookedAt.cloudTrailEvents!);
  });
});

const active = ({ key }: AuditMaterial): KeyVersion => activeVersion(key)!;

function last(records: readonly CloudTrailRecord[], eventName: string): CloudTrailRecord {
  return records.find((record) => record.eventName === eventName && isKeyturnRole(record.actor))!;
}

function changed(events: readonly LedgerEvent[], type: LedgerEventType, change: (event: LedgerEvent) => LedgerEvent): LedgerEvent[] {
  const at = events.findIndex((event) => event.type === type);
  return events.map((event, index) => (index === at ? change(event) : event));
}

/** Whoever can write the table can also compute hashes. */
function resealed(events: readonly LedgerEvent[]): LedgerEvent[] {
  let previousHash = GENESIS_HASH;
  return events.map((event) => {
    const linked = { ...event, previousHash };
    const sealed = { ...linked, hash: hashOf(linked) };
    previousHash = sealed.hash;
    return sealed;
  });
}
