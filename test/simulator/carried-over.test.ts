import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { active, callKms, endings, statuses } from '../support/outsider';
import { policyOf } from '../support/policies';

const READER = 'arn:aws:iam::111122223333:role/reader';
const statement = (Sid: string, Action: string) => ({ Sid, Effect: 'Allow', Principal: { AWS: READER }, Action, Resource: '*' });

interface Document {
  readonly Statement: readonly { readonly Sid: string }[];
}

function policyDocument(scenario: Scenario, KeyId: string | undefined): Document {
  return JSON.parse((callKms(scenario, 'GetKeyPolicy', { KeyId, PolicyName: 'default' }) as { Policy: string }).Policy) as Document;
}

/** Adds a statement to a key's policy, as its owner does. */
function addStatement(scenario: Scenario, KeyId: string | undefined, Sid: string): void {
  const document = policyDocument(scenario, KeyId);
  const Policy = JSON.stringify({ ...document, Statement: [...document.Statement, statement(Sid, 'kms:Decrypt')] });
  callKms(scenario, 'PutKeyPolicy', { KeyId, PolicyName: 'default', Policy });
}

const sids = (scenario: Scenario, KeyId: string | undefined) => policyDocument(scenario, KeyId).Statement.map(({ Sid }) => Sid).sort();

const grantsOf = (scenario: Scenario, KeyId: string | undefined) =>
  (callKms(scenario, 'ListGrants', { KeyId }) as { Grants: { GranteePrincipal: string; Operations: string[]; RetiringPrincipal?: string }[] }).Grants.map(
    ({ GranteePrincipal, Operations, RetiringPrincipal }) => ({ GranteePrincipal, Operations, RetiringPrincipal }),
  );

async function draining(scenario: Scenario): Promise<void> {
  await scenario.pass(9 * DAY + 12 * HOUR);
}

test('policy, grants, tags and description go over to the next version', async () => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, tags: { team: 'orders' } }));
  const first = (await active(scenario)).kmsKeyId;
  addStatement(scenario, first, 'Readers');
  const grant = { GranteePrincipal: READER, Operations: ['Decrypt', 'Encrypt'], RetiringPrincipal: READER };
  callKms(scenario, 'CreateGrant', { KeyId: first, ...grant });
  callKms(scenario, 'TagResource', { KeyId: first, Tags: [{ TagKey: 'cost-centre', TagValue: '42' }] });
  await draining(scenario);

  const { kmsKeyId: second } = await active(scenario);
  expect(second).not.toBe(first);
  expect(sids(scenario, second)).toEqual(['AccountAdministersByIam', 'KeyturnRotatesThisKey', 'Readers']);
  expect(grantsOf(scenario, second)).toEqual([grant]);
  expect(scenario.world.kms.snapshot().keys.find(({ id }) => id === second)).toMatchObject({
    description: 'protects orders',
    tags: {
      'cost-centre': '42',
      team: 'orders',
      'keyturn:key': 'orders',
      'keyturn:version': '2',
      'keyturn:registry': '111122223333:eu-central-1:keyturn',
      'keyturn:rotation': 'orders-20260610T0000Z-a1',
    },
  });
  expect(scenario.violations()).toEqual([]);
});

test('the superseded mark of the old key does not go over', async () => {
  const scenario = await Scenario.bootstrapped();
  await draining(scenario);
  const [first, second] = scenario.createdKeys().map((id) => scenario.world.kms.snapshot().keys.find((key) => key.id === id)?.tags);
  expect(first).toMatchObject({ 'keyturn:superseded': 'true' });
  expect(second).not.toHaveProperty('keyturn:superseded');
});

describe('what changes on the ACTIVE key after it was carried over', () => {
  test.each<[string, (scenario: Scenario, KeyId: string | undefined) => void]>([
    ['the policy', (scenario, KeyId) => addStatement(scenario, KeyId, 'Late')],
    ['the grants', (scenario, KeyId) => void callKms(scenario, 'CreateGrant', { KeyId, GranteePrincipal: READER, Operations: ['Decrypt'] })],
  ])('stops the promotion when it is %s; the next attempt carries it over', async (_, change) => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    let isChanged = false;
    scenario.world.fault = ({ function: name }) => {
      if (name === 'promote-key-version' && !isChanged) {
        isChanged = true;
        change(scenario, first);
      }
      return 'none';
    };
    await scenario.pass(9 * DAY);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: aborted');
    expect((await scenario.key()).lastFailure).toMatchObject({ error: 'CarriedPolicyChanged' });
    expect((await active(scenario)).kmsKeyId).toBe(first);

    await scenario.pass(12 * DAY);
    expect(endings(scenario)[2]).toBe('orders-20260610T0000Z-a2: completed');
    const { kmsKeyId: second } = await active(scenario);
    expect(sids(scenario, second)).toEqual(sids(scenario, first).concat([]).sort());
    expect(grantsOf(scenario, second)).toEqual(grantsOf(scenario, first));
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });
});

test('a policy that denies keyturn what it needs is refused before a key is made', async () => {
  const scenario = await Scenario.bootstrapped();
  const first = (await active(scenario)).kmsKeyId;
  const document = policyDocument(scenario, first);
  const deny = { Sid: 'NoGrants', Effect: 'Deny', Principal: '*', Action: 'kms:CreateGrant', Resource: '*' };
  callKms(scenario, 'PutKeyPolicy', { KeyId: first, PolicyName: 'default', Policy: JSON.stringify({ ...document, Statement: [...document.Statement, deny] }) });
  await scenario.pass(12 * DAY);
  expect(await scenario.key()).toMatchObject({ quarantine: { reason: expect.stringContaining('UnusablePolicy') } });
  expect(scenario.createdKeys()).toHaveLength(1);
  expect(await statuses(scenario)).toBe('v1 ACTIVE');
});

test('a bootstrapped key gets the policy of its configuration', async () => {
  const keyPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'Administrators', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' }, statement('Readers', 'kms:Decrypt')],
  });
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, keyPolicy }));
  expect(sids(scenario, (await active(scenario)).kmsKeyId)).toEqual(['Administrators', 'KeyturnRotatesThisKey', 'Readers']);
});
