import fc from 'fast-check';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durationOf, secondsOf } from '../../lib/config/duration';
import { jsonSchemaText } from '../../lib/config/json-schema';
import { loadConfig, parseConfig } from '../../lib/config/load';
import { ConfigError } from '../../lib/config/problem';

const ROOT = join(__dirname, '..', '..');
const KEY = { name: 'orders', owner: 'team-orders', retirement: 'delete', rotateEvery: '90d' };
const ROLE = 'arn:aws:iam::111122223333:role/app';
const PROBE = 'arn:aws:lambda:eu-west-1:111122223333:function:probe';
const ADOPTED = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** The lines of the error, without the heading. */
function problemsIn(raw: unknown): string[] {
  try {
    parseConfig(raw);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.name).toBe('ConfigError');
    return error.message.split('\n').slice(1).map((line) => line.trim());
  }
  return [];
}

const problemsOfKey = (fields: object): string[] => problemsIn({ keys: [{ ...KEY, ...fields }] });
const policyOf = (fields: object) => parseConfig({ keys: [{ ...KEY, ...fields }] }).policies[0];

describe('a configuration', () => {
  test('of one key with the required fields gets every default', () => {
    expect(policyOf({})).toEqual({
      name: 'orders',
      alias: 'alias/orders',
      owner: 'team-orders',
      description: '',
      strategy: 'alias-swap',
      spec: 'SYMMETRIC_DEFAULT',
      usage: 'ENCRYPT_DECRYPT',
      origin: 'AWS_KMS',
      rotateEverySeconds: 7_776_000,
      anchor: '2026-01-01T00:00:00Z',
      startSpreadSeconds: 3_600,
      drainSeconds: 2_592_000,
      backupRetentionSeconds: 0,
      idleSeconds: 1_296_000,
      bakeSeconds: 604_800,
      retirement: 'delete',
      autoDelete: false,
      deletionWindowDays: 30,
      emergencyDrainSeconds: 14_400,
      approvers: 1,
      approvalTimeoutSeconds: 604_800,
      maxAttempts: 3,
      dependents: [],
      tags: {},
    });
  });

  test('says how many people approve, for how long they are asked, and how fast a compromised version goes', () => {
    expect(policyOf({ approvers: 2, approvalTimeout: '1h', emergencyDrain: '2h' })).toMatchObject({ approvers: 2, approvalTimeoutSeconds: 3_600, emergencyDrainSeconds: 7_200 });
    const [inherited] = parseConfig({ defaults: { approvers: 2, approvalTimeout: '3d', emergencyDrain: '1d' }, keys: [KEY] }).policies;
    expect(inherited).toMatchObject({ approvers: 2, approvalTimeoutSeconds: 259_200, emergencyDrainSeconds: 86_400 });
  });

  test('names the roles whose session names can be trusted, none by default', () => {
    expect(parseConfig({ keys: [KEY] }).vouchedRoles).toEqual([]);
    expect(parseConfig({ vouchedRoles: ['AWSReservedSSO_*', 'okta.admin'], keys: [KEY] }).vouchedRoles).toEqual(['AWSReservedSSO_*', 'okta.admin']);
  });

  test.each<[why: string, fields: object, isAccepted: boolean]>([
    // 30d drain, 1h lag, 7d bake, 1h spread, 1d slack; without autoDelete a person is asked before the deletion.
    ['leaves no time for the approval of the deletion', { rotateEvery: '44d' }, false],
    ['leaves time for it', { rotateEvery: '46d' }, true],
    ['needs no such time with autoDelete', { rotateEvery: '39d', autoDelete: true }, true],
    // 279d drain, 1h lag, 7d bake, and 7d each for the disable and for a failure.
    ['counts what people may be asked into all waits', { rotateEvery: '600d', drain: '279d', autoDelete: true }, false],
    ['takes waits that fit with it', { rotateEvery: '600d', drain: '278d', autoDelete: true }, true],
    ['counts every question by its time-out', { rotateEvery: '600d', drain: '40d', approvalTimeout: '90d' }, false],
    ['does not count the approval of a deletion with autoDelete', { rotateEvery: '600d', drain: '40d', approvalTimeout: '90d', autoDelete: true }, true],
    ['counts a failure even if versions are kept', { rotateEvery: '600d', retirement: 'keep', approvalTimeout: '301d' }, false],
    ['counts one question only then', { rotateEvery: '600d', retirement: 'keep', approvalTimeout: '300d' }, true],
    ['counts an emergency drain that is longer than the drain', { rotateEvery: '600d', emergencyDrain: '286d', autoDelete: true }, false],
    ['does not count one where nothing drains', { rotateEvery: '600d', retirement: 'keep', emergencyDrain: '290d' }, true],
  ])('that %s is accepted or refused', (_, fields, isAccepted) => {
    expect(problemsOfKey(fields).map((line) => line.split(': ')[0])).toEqual(isAccepted ? [] : [expect.stringMatching(/^keys\[0\]\.(drain|rotateEvery)$/)]);
  });

  test('with retirement keep drains nothing by default', () => {
    expect(policyOf({ retirement: 'keep' })).toMatchObject({ drainSeconds: 0, idleSeconds: 0 });
  });

  test('fills in the only usage of a spec', () => {
    expect(policyOf({ spec: 'HMAC_256' })).toMatchObject({ usage: 'GENERATE_VERIFY_MAC' });
  });

  test('takes a chosen usage, a key store, an adopted key and a key policy over', () => {
    expect(policyOf({ spec: 'RSA_2048', usage: 'SIGN_VERIFY', adopt: ADOPTED })).toMatchObject({ usage: 'SIGN_VERIFY', adopt: ADOPTED });
    expect(policyOf({ origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' })).toMatchObject({ origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' });
    expect(policyOf({ keyPolicy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow' }] } })).toMatchObject({ keyPolicy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}' });
  });

  test('tells dependents by event or by probe', () => {
    const dependents = [
      { name: 'app', principal: ROLE },
      { name: 'checker', probe: PROBE, acknowledgeWithin: '5m' },
    ];
    expect(policyOf({ dependents })?.dependents).toEqual([
      { name: 'app', kind: 'event', principal: ROLE, acknowledgeWithinSeconds: 86_400 },
      { name: 'checker', kind: 'probe', functionArn: PROBE, acknowledgeWithinSeconds: 300 },
    ]);
  });

  test('takes fields from defaults, and the key wins', () => {
    const [first, second] = parseConfig({
      defaults: { owner: 'platform', retirement: 'disable', rotateEvery: '60d', drain: '14d' },
      keys: [{ name: 'a' }, { name: 'b', owner: 'b-team', drain: '7d' }],
    }).policies;
    expect(first).toMatchObject({ owner: 'platform', retirement: 'disable', drainSeconds: 14 * 86_400 });
    expect(second).toMatchObject({ owner: 'b-team', drainSeconds: 7 * 86_400 });
  });
});

describe('a configuration that is refused', () => {
  const many = Array.from({ length: 41 }, (_, index) => ({ name: `d${index}`, principal: ROLE }));
  const manyTags = Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`t${index}`, 'x']));

  test.each<[why: string, fields: object, path: string, fragment: string]>([
    ['an unknown field', { colour: 'red' }, 'keys[0].colour', 'unknown field; allowed: owner,'],
    ['an unknown field of a dependent', { dependents: [{ name: 'a', principal: ROLE, x: 1 }] }, 'keys[0].dependents[0].x', 'allowed: name, principal'],
    ['a year', { rotateEvery: '1y' }, 'keys[0].rotateEvery', 'write 30d or 365d'],
    ['a month', { drain: '1mo' }, 'keys[0].drain', 'such as "90d" or "12h"'],
    ['a number for a duration', { bake: 7 }, 'keys[0].bake', 'got 7; allowed: a whole number and s, m, h, d or w'],
    ['an unknown spec', { spec: 'AES' }, 'keys[0].spec', 'allowed: SYMMETRIC_DEFAULT, RSA_2048'],
    ['an unknown usage', { usage: 'SIGN' }, 'keys[0].usage', 'allowed: ENCRYPT_DECRYPT, SIGN_VERIFY'],
    ['a usage that the spec lacks', { spec: 'HMAC_256', usage: 'SIGN_VERIFY' }, 'keys[0].usage', 'allowed with spec HMAC_256: GENERATE_VERIFY_MAC'],
    ['no usage where there are several', { spec: 'RSA_2048' }, 'keys[0].usage', 'missing; allowed with spec RSA_2048: ENCRYPT_DECRYPT, SIGN_VERIFY'],
    ['the strategy in-place', { strategy: 'in-place' }, 'keys[0].strategy', 'in-place is not built yet'],
    ['an unknown strategy', { strategy: 'magic' }, 'keys[0].strategy', 'allowed: alias-swap'],
    ['an alias of AWS', { alias: 'alias/aws/s3' }, 'keys[0].alias', 'reserved for AWS'],
    ['an alias without prefix', { alias: 'orders' }, 'keys[0].alias', 'allowed: alias/ and letters'],
    ['an alias like a version alias', { alias: 'alias/orders/v2' }, 'keys[0].alias', '/v<number>'],
    ['an alias too long for its version aliases', { alias: `alias/${'a'.repeat(243)}` }, 'keys[0].alias', 'at most 248 characters (this has 249)'],
    ['a name that makes no alias', { name: 'orders.data' }, 'keys[0].alias', 'makes no alias'],
    ['an illegal name', { name: '-orders' }, 'keys[0].name', 'a letter or digit first and last'],
    ['CloudHSM without key store', { origin: 'AWS_CLOUDHSM' }, 'keys[0].keyStoreId', 'missing; required with origin AWS_CLOUDHSM'],
    ['a key store without CloudHSM', { keyStoreId: 'cks-1' }, 'keys[0].keyStoreId', 'only with origin AWS_CLOUDHSM'],
    ['CloudHSM with another spec', { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1', spec: 'HMAC_256' }, 'keys[0].spec', 'SYMMETRIC_DEFAULT; change'],
    ['no owner', { owner: undefined }, 'keys[0].owner', 'missing; required; write the team or person'],
    ['no retirement', { retirement: undefined }, 'keys[0].retirement', 'missing; required, it has no default'],
    ['no rotateEvery', { rotateEvery: undefined }, 'keys[0].rotateEvery', 'missing; required'],
    ['windows of less than a day', { retirement: 'keep', rotateEvery: '23h' }, 'keys[0].rotateEvery', '24h to 3650d'],
    ['windows that are not whole minutes', { retirement: 'keep', rotateEvery: '172801s' }, 'keys[0].rotateEvery', 'whole minutes'],
    ['an anchor with seconds', { anchor: '2026-01-01T00:00:30Z' }, 'keys[0].anchor', 'a whole minute in UTC'],
    ['an anchor in another zone', { anchor: '2026-01-01T00:00:00+01:00' }, 'keys[0].anchor', 'a whole minute in UTC'],
    ['an anchor that does not exist', { anchor: '2026-02-30T00:00:00Z' }, 'keys[0].anchor', 'a minute that exists'],
    ['windows too short for drain and bake', { rotateEvery: '37d' }, 'keys[0].rotateEvery', 'at least'],
    ['windows too short for the backups', { rotateEvery: '90d', backupRetention: '85d' }, 'keys[0].rotateEvery', 'at least'],
    ['waits of more than 300 days', { rotateEvery: '400d', drain: '295d' }, 'keys[0].drain', 'at most 300d in all'],
    ['a drain below two hours', { drain: '1h', idle: '1h' }, 'keys[0].drain', 'at least 2h with retirement delete'],
    ['idle below an hour', { idle: '59m' }, 'keys[0].idle', 'at least 1h, or nobody looks'],
    ['no bake before a deletion', { bake: '0s' }, 'keys[0].bake', 'at least 2h with retirement delete'],
    ['no time to acknowledge', { dependents: [{ name: 'a', principal: ROLE, acknowledgeWithin: '0s' }] }, 'keys[0].dependents[0].acknowledgeWithin', 'at least 2m'],
    ['idle longer than the drain', { idle: '31d' }, 'keys[0].idle', 'at most the drain, 30d'],
    ['too many dependents', { dependents: many }, 'keys[0].dependents', 'at most 40 dependents'],
    ['two dependents with one name', { dependents: [{ name: 'a', principal: ROLE }, { name: 'a', probe: PROBE }] }, 'keys[0].dependents[1].name', 'dependents[0] has the same name'],
    ['a dependent with principal and probe', { dependents: [{ name: 'a', principal: ROLE, probe: PROBE }] }, 'keys[0].dependents[0].principal', 'exactly one'],
    ['a dependent with neither', { dependents: [{ name: 'a' }] }, 'keys[0].dependents[0].principal', 'missing; allowed: either'],
    ['a session as principal', { dependents: [{ name: 'a', principal: 'arn:aws:sts::111122223333:assumed-role/app/s' }] }, 'keys[0].dependents[0].principal', 'the role itself'],
    ['a probe that is no function', { dependents: [{ name: 'a', probe: ROLE }] }, 'keys[0].dependents[0].probe', 'the ARN of a Lambda function'],
    ['an alias to adopt', { adopt: 'arn:aws:kms:eu-west-1:111122223333:alias/orders' }, 'keys[0].adopt', 'not an alias'],
    ['a multi-Region key to adopt', { adopt: `arn:aws:kms:eu-west-1:111122223333:key/mrk-${'0'.repeat(32)}` }, 'keys[0].adopt', 'multi-Region keys are not supported yet'],
    ['a tag of AWS', { tags: { 'aws:x': 'y' } }, 'keys[0].tags.aws:x', 'reserved'],
    ['a tag of keyturn', { tags: { 'keyturn:registry': 'y' } }, 'keys[0].tags.keyturn:registry', 'reserved'],
    ['a tag that is no text', { tags: { a: 1 } }, 'keys[0].tags.a', 'a text (at most 256)'],
    ['too many tags', { tags: manyTags }, 'keys[0].tags', 'at most 40'],
    ['autoDelete of a kept key', { retirement: 'keep', autoDelete: true }, 'keys[0].autoDelete', 'only with retirement delete, not keep'],
    ['a deletion window of 6 days', { deletionWindowDays: 6 }, 'keys[0].deletionWindowDays', 'from 7 to 30'],
    ['three approvers', { approvers: 3 }, 'keys[0].approvers', 'allowed: 1 or 2'],
    ['approvers as text', { approvers: '2' }, 'keys[0].approvers', 'allowed: 1 or 2; write one without quotes'],
    ['no time to approve', { approvalTimeout: '59m' }, 'keys[0].approvalTimeout', 'at least 1h'],
    ['an emergency drain below two hours', { emergencyDrain: '119m' }, 'keys[0].emergencyDrain', 'at least 2h'],
    ['a tag with too long a name', { tags: { ['t'.repeat(129)]: 'x' } }, `keys[0].tags.${'t'.repeat(129)}`, '1 to 128 characters'],
    ['half an attempt', { maxAttempts: 1.5 }, 'keys[0].maxAttempts', 'a whole number from 1 to 9'],
    ['a key policy without statements', { keyPolicy: { Version: '2012-10-17' } }, 'keys[0].keyPolicy.Statement', 'a list of statements'],
    ['a key policy as text', { keyPolicy: '{}' }, 'keys[0].keyPolicy', 'as an object, not as text'],
  ])('refuses %s', (_, fields, path, fragment) => {
    const lines = problemsOfKey(fields);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${path.replace(/[.[\]]/g, '\\$&')}: (got |missing)`));
    expect(lines[0]).toContain(fragment);
  });

  test.each<[why: string, raw: unknown, line: RegExp]>([
    ['a file that is no object', [], /^\(file\): got \[\]; allowed: an object/],
    ['a file without keys', {}, /^keys: missing; allowed: a list of keys/],
    ['an unknown field of the file', { keys: [], rotations: 1 }, /^rotations: got 1; unknown field; allowed: \$schema, defaults, startEvery, vouchedRoles, keys/],
    ['a key that is no object', { keys: ['orders'] }, /^keys\[0\]: got "orders"; allowed: an object/],
    ['a name for all keys', { defaults: { name: 'x' }, keys: [] }, /^defaults\.name: got "x"; unknown field/],
    ['roles that are no list', { vouchedRoles: 'AWSReservedSSO_*', keys: [] }, /^vouchedRoles: .*a list of role names/],
    ['every role as vouched for', { vouchedRoles: ['*'], keys: [] }, /^vouchedRoles\[0\]: got "\*"; .*but not alone/],
    ['the ARN of a role as vouched for', { vouchedRoles: ['ops', ROLE], keys: [] }, /^vouchedRoles\[1\]: .*a role name without path/],
    ['a role name with a comma', { vouchedRoles: ['a,b'], keys: [] }, /^vouchedRoles\[0\]: /],
    ['more roles than an environment holds', { vouchedRoles: Array.from({ length: 32 }, () => 'r'.repeat(64)), keys: [] }, /^vouchedRoles: got "32 roles"; allowed: at most 2000 characters/],
    ['two keys with one name', { keys: [KEY, { ...KEY, alias: 'alias/other' }] }, /^keys\[1\]\.name: got "orders"; keys\[0\] has the same name/],
    ['two keys with one alias', { keys: [KEY, { ...KEY, name: 'b', alias: 'alias/orders' }] }, /^keys\[1\]\.alias: got "alias\/orders"; keys\[0\] has the same alias/],
    ['two keys that adopt one', { keys: [{ ...KEY, adopt: ADOPTED }, { ...KEY, name: 'b', adopt: ADOPTED }] }, /^keys\[1\]\.adopt: .*keys\[0\] has the same adopt/],
  ])('refuses %s', (_, raw, line) => {
    const lines = problemsIn(raw);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });

  test('reports everything at once, a malformed default once and where it stands', () => {
    const lines = problemsIn({
      defaults: { drain: '1y' },
      keys: [{ ...KEY, spec: 'AES' }, { name: 'b', tags: { 'aws:x': 'y' }, maxAttempts: 0 }, { ...KEY, rotateEvery: '1h' }],
    });
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'defaults.drain',
      'keys[0].spec',
      'keys[1].maxAttempts',
      'keys[1].tags.aws:x',
      'keys[1].owner',
      'keys[1].retirement',
      'keys[1].rotateEvery',
      'keys[2].rotateEvery',
      'keys[2].name',
      'keys[2].alias',
    ]);
  });

  test('reports everything inside lists and maps at once, also beside a malformed entry', () => {
    const crowd = Array.from({ length: 39 }, (_, index) => ({ name: `d${index}`, principal: ROLE }));
    const lines = problemsOfKey({
      dependents: [{ name: 'd0', principal: 5, acknowledgeWithin: '1m', colour: 'red' }, { name: 'x', principal: ROLE, probe: 'no' }, 'text', ...crowd],
      tags: { 'aws:x': 1, ['t'.repeat(129)]: 2, fine: 'x', long: 'x'.repeat(257) },
    });
    expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual(
      [
        'keys[0].dependents',
        'keys[0].dependents[0].acknowledgeWithin',
        'keys[0].dependents[0].colour',
        'keys[0].dependents[0].principal',
        'keys[0].dependents[1].principal',
        'keys[0].dependents[1].probe',
        'keys[0].dependents[2]',
        'keys[0].dependents[3].name',
        'keys[0].tags.aws:x',
        'keys[0].tags.aws:x',
        'keys[0].tags.long',
        `keys[0].tags.${'t'.repeat(129)}`,
      ].sort(),
    );
  });

  test('reports what is wrong inside defaults once, however many keys inherit it', () => {
    const lines = problemsIn({ defaults: { tags: { 'aws:x': 'y' }, dependents: [{ name: 'a' }] }, keys: [KEY, { ...KEY, name: 'b' }] });
    expect(lines.map((line) => line.split(': ')[0])).toEqual(['defaults.dependents[0].principal', 'defaults.tags.aws:x']);
  });

  test('is named with its count, on lines of bounded length', () => {
    expect(() => parseConfig({ keys: [{ ...KEY, owner: 'x'.repeat(5_000) }] }, 'keyturn.config.json')).toThrow(/^keyturn\.config\.json has 1 problem:\n {2}.{1,300}$/);
  });
});

describe('the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-config-'));

  test.each([
    ['is missing', undefined, /ENOENT/],
    ['has comments', '{ // no\n}', /JSON/],
  ])('is refused when it %s', (_, text, reason) => {
    const path = join(directory, `${String(text === undefined)}.json`);
    if (text !== undefined) writeFileSync(path, text);
    expect(() => loadConfig(path)).toThrow(ConfigError);
    expect(() => loadConfig(path)).toThrow(reason);
  });

  test('that is the sample has four keys with several windows a year', () => {
    const { policies } = loadConfig(join(ROOT, 'keyturn.config.json'));
    expect(policies.map(({ name, spec, retirement, autoDelete }) => [name, spec, retirement, autoDelete])).toEqual([
      ['orders-data', 'SYMMETRIC_DEFAULT', 'delete', true],
      ['release-signing', 'ECC_NIST_P256', 'disable', false],
      ['session-mac', 'HMAC_256', 'keep', false],
      ['payments-hsm', 'SYMMETRIC_DEFAULT', 'delete', true],
    ]);
    for (const { rotateEverySeconds } of policies) expect(rotateEverySeconds).toBeLessThanOrEqual(90 * 86_400);
  });

  test("has a JSON Schema that is the one of the sources: write jsonSchemaText() into it when this fails", () => {
    expect(readFileSync(join(ROOT, 'keyturn.config.schema.json'), 'utf8')).toBe(jsonSchemaText());
  });

  test('has a description for every field in editors', () => {
    const undescribed: string[] = [];
    const visit = (node: { properties?: Record<string, object>; items?: object; description?: string }, path: string): void => {
      for (const [field, child] of Object.entries(node.properties ?? {}) as [string, typeof node][]) {
        if (child.description === undefined) undescribed.push(`${path}.${field}`);
        visit(child, `${path}.${field}`);
      }
      if (node.items !== undefined) visit(node.items, `${path}[]`);
    };
    visit(JSON.parse(jsonSchemaText()) as object, '');
    expect(undescribed).toEqual([]);
  });
});

describe('durations', () => {
  const units = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

  test('are their number times their unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])), (count, unit) => {
        expect(secondsOf(`${count}${unit}`)).toBe(count * units[unit]);
      }),
    );
  });

  test('are spelled so that they read back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999 }), (seconds) => expect(secondsOf(durationOf(seconds))).toBe(seconds)));
  });

  test('of any other text are refused', () => {
    fc.assert(
      fc.property(fc.string().filter((text) => !/^(0|[1-9]\d{0,8})[smhdw]$/.test(text)), (text) => {
        expect(() => secondsOf(text)).toThrow(RangeError);
      }),
    );
  });

  test('that are accepted together always leave the window longer than its waits', () => {
    const duration = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('h', 'd')).map(([count, unit]) => `${count}${unit}`);
    const fields = fc.record({ rotateEvery: duration, drain: duration, bake: duration, retirement: fc.constantFrom('keep', 'disable', 'delete') });
    let accepted = 0;
    fc.assert(
      fc.property(fields, (chosen) => {
        if (problemsOfKey(chosen).length > 0) return;
        accepted++;
        const { rotateEverySeconds, drainSeconds, bakeSeconds, retirement } = policyOf(chosen)!;
        const waits = { keep: 0, disable: drainSeconds, delete: drainSeconds + bakeSeconds }[retirement];
        expect(waits).toBeLessThan(rotateEverySeconds);
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});
