import { instantOf } from '../../../lambdas/domain/instant';
import type { Approval } from '../../../lambdas/domain/approval';
import { setHold } from '../../../lambdas/domain/operations';
import { rotationId } from '../../../lambdas/domain/rotation-id';
import type { TaskToken } from '../../../lambdas/ports/acknowledgements';
import { STATE_MACHINE_ARN } from '../../../local/simulator/deployment';
import { World, type WorldOptions } from '../../../local/simulator/world';
import { policyOf } from '../../support/policies';

/** What the drivers find: a world with one registered key, and KMS keys of every kind. Nothing that a driver leaves behind is in another's way. */
export interface Place {
  readonly world: World;
  readonly kmsKeys: Readonly<Record<'symmetric' | 'other' | 'disabled' | 'deleted' | 'signing' | 'mac' | 'agreement' | 'kem', string>>;
}

const NAME = rotationId('orders', { kind: 'rotation', window: '20260601T0000Z', number: 1 });
const EXECUTION = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${NAME}`;
const AT = '2026-06-01T00:00:00.000Z';
const NOTE = { by: 'a person', at: AT, reason: 'a test' };
const ALERT = { id: 'a1', key: 'orders', subject: 's', message: 'm', attributes: {} };
const QUESTION = { id: 'q1', key: 'orders', dependent: 'api', version: 2, phase: 'ready' as const, principal: 'arn:aws:iam::111122223333:role/api' };
const APPROVAL: Approval = {
  id: '0123456789abcdef0123', key: 'orders', purpose: 'revoke', question: '?', rev: 1, requestedBy: NAME, requestedAt: AT, expiresAt: '2026-06-08T00:00:00.000Z',
  approversNeeded: 1, rotationId: NAME, version: 1, errorClass: null, facts: {}, votes: [], outcome: null,
};

export async function prepared(options: WorldOptions = {}): Promise<Place> {
  const world = new World({ startMs: Date.UTC(2026, 5, 1), ...options });
  await world.register([policyOf()]);
  const keys = world.composition('create-key-version').keys();
  const make = async (spec: string, usage: string): Promise<string> => {
    const policy = world.composition('create-key-version').defaultPolicy();
    return (await keys.createKey({ spec, usage, origin: 'AWS_KMS', description: '', policy, tags: {} })).keyId;
  };
  const symmetric = async () => make('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');
  const kmsKeys = {
    symmetric: await symmetric(),
    other: await symmetric(),
    disabled: await symmetric(),
    deleted: await symmetric(),
    signing: await make('ECC_NIST_P256', 'SIGN_VERIFY'),
    mac: await make('HMAC_256', 'GENERATE_VERIFY_MAC'),
    agreement: await make('ECC_NIST_P256', 'KEY_AGREEMENT'),
    kem: await make('ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'),
  };
  await keys.disable(kmsKeys.disabled);
  await keys.disable(kmsKeys.deleted);
  await keys.scheduleDeletion(kmsKeys.deleted, 30);
  world.kms.call('CreateGrant', { KeyId: kmsKeys.symmetric, GranteePrincipal: 'arn:aws:iam::111122223333:role/api', Operations: ['Decrypt'] }, PERSON);
  return { world, kmsKeys };
}

const PERSON = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:role/admin', userId: 'admin' };

const registry = ({ world }: Place) => world.composition('claim-rotation').registry();
const approvals = ({ world }: Place) => world.composition('decide').approvals();
const acknowledgements = ({ world }: Place) => world.composition('acknowledge').acknowledgements();
const reconciliation = ({ world }: Place) => world.composition('reconcile').reconciliation();
const keys = ({ world }: Place) => world.composition('create-key-version').keys();
const executions = ({ world }: Place) => world.composition('start-due-rotations').executions();
const prove = (place: Place, key: keyof Place['kmsKeys'], spec: string, usage: string) => keys(place).prove(place.kmsKeys[key], spec, usage, 'a test');

/** How each call site is reached through its adapter's own interface, by the site's id. */
export const DRIVERS: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  'KmsKeyProvider.describe DescribeKey': async (place) => keys(place).describe(place.kmsKeys.symmetric),
  'KmsKeyProvider.taggedKeys GetResources': async (place) => keys(place).taggedKeys({ 'keyturn:key': 'orders' }),
  'KmsKeyProvider.createKey CreateKey': async (place) =>
    keys(place).createKey({ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', description: '', policy: place.world.composition('create-key-version').defaultPolicy(), tags: {} }),
  'KmsKeyProvider.ensureAlias CreateAlias': async (place) => keys(place).ensureAlias('alias/orders/v2', place.kmsKeys.symmetric),
  'KmsKeyProvider.moveAlias UpdateAlias': async (place) => keys(place).moveAlias('alias/orders', place.kmsKeys.symmetric),
  'KmsKeyProvider.keyPolicy GetKeyPolicy': async (place) => keys(place).keyPolicy(place.kmsKeys.symmetric),
  'KmsKeyProvider.putKeyPolicy PutKeyPolicy': async (place) => keys(place).putKeyPolicy(place.kmsKeys.symmetric, place.world.composition('create-key-version').defaultPolicy()),
  'KmsKeyProvider.tags ListResourceTags': async (place) => keys(place).tags(place.kmsKeys.symmetric),
  'KmsKeyProvider.addTags TagResource': async (place) => keys(place).addTags(place.kmsKeys.symmetric, { 'keyturn:superseded': 'true' }),
  'KmsKeyProvider.carryGrants CreateGrant': async (place) => keys(place).carryGrants(place.kmsKeys.symmetric, place.kmsKeys.other),
  'KmsKeyProvider.listGrants ListGrants': async (place) => keys(place).grants(place.kmsKeys.symmetric),
  'KmsKeyProvider.publicKey GetPublicKey': async (place) => keys(place).publicKey(place.kmsKeys.signing),
  'KmsKeyProvider.disable DisableKey': async (place) => keys(place).disable(place.kmsKeys.other),
  // KMS shows the key Disabled when it is asked what it refused to delete.
  'KmsKeyProvider.scheduleDeletion ScheduleKeyDeletion': async (place) => keys(place).scheduleDeletion(place.kmsKeys.disabled, 30),
  // KMS shows the key PendingDeletion when it is asked what it refused to keep.
  'KmsKeyProvider.cancelDeletion CancelKeyDeletion': async (place) => keys(place).cancelDeletion(place.kmsKeys.deleted),
  'KmsKeyProvider.enable EnableKey': async (place) => keys(place).enable(place.kmsKeys.disabled),
  'KmsKeyProvider.lastUsage GetKeyLastUsage': async (place) => keys(place).lastUsage(place.kmsKeys.symmetric),
  'KmsKeyProvider.keyStoreState DescribeCustomKeyStores': async (place) => keys(place).keyStoreState('cks-1234567890abcdef0'),
  'encrypt Encrypt': async (place) => prove(place, 'symmetric', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'),
  'encryptAndDecrypt Decrypt': async (place) => prove(place, 'symmetric', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'),
  'sign Sign': async (place) => prove(place, 'signing', 'ECC_NIST_P256', 'SIGN_VERIFY'),
  'signAndVerify Verify': async (place) => prove(place, 'signing', 'ECC_NIST_P256', 'SIGN_VERIFY'),
  'publicKeyFor GetPublicKey': async (place) => prove(place, 'signing', 'ECC_NIST_P256', 'SIGN_VERIFY'),
  'makeMac GenerateMac': async (place) => prove(place, 'mac', 'HMAC_256', 'GENERATE_VERIFY_MAC'),
  'makeAndVerifyMac VerifyMac': async (place) => prove(place, 'mac', 'HMAC_256', 'GENERATE_VERIFY_MAC'),
  'deriveSecret DeriveSharedSecret': async (place) => prove(place, 'agreement', 'ECC_NIST_P256', 'KEY_AGREEMENT'),
  'encapsulate Encapsulate': async (place) => prove(place, 'kem', 'ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'),
  'encapsulateAndDecapsulate Decapsulate': async (place) => prove(place, 'kem', 'ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'),

  'DynamoDbRegistry.get GetItem': async (place) => registry(place).read('orders'),
  'DynamoDbRegistry.pages Query': async (place) => registry(place).dueCandidates(AT),
  'DynamoDbRegistry.write TransactWriteItems': async (place) => registry(place).transact('orders', (key) => setHold({ ...key, hold: null }, { ...NOTE, at: instantOf(place.world.timeline.nowMs()) })),
  'DynamoDbRegistry.freeze PutItem': async (place) => registry(place).freeze('orders', NOTE),
  'DynamoDbRegistry.queueAlert PutItem': async (place) => registry(place).queueAlert(ALERT),
  'DynamoDbRegistry.forgetAlert DeleteItem': async (place) => registry(place).forgetAlert(ALERT),
  'DynamoDbApprovals.open UpdateItem': async (place) => approvals(place).open(APPROVAL, { token: 'token' as TaskToken, since: 1 }),
  'DynamoDbApprovals.read GetItem': async (place) => approvals(place).read(APPROVAL.id),
  'DynamoDbApprovals.waiter GetItem': async (place) => approvals(place).waiter(APPROVAL.id),
  'DynamoDbApprovals.markCarriedOut UpdateItem': async (place) => approvals(place).markCarriedOut(APPROVAL.id),
  'DynamoDbApprovals.record UpdateItem': async (place) => approvals(place).record(APPROVAL, { ...APPROVAL, outcome: 'approve' }),
  'DynamoDbAcknowledgements.open UpdateItem': async (place) => acknowledgements(place).open(QUESTION),
  'DynamoDbAcknowledgements.read GetItem': async (place) => acknowledgements(place).read(QUESTION.id),
  'DynamoDbAcknowledgements.answer UpdateItem': async (place) => acknowledgements(place).answer(QUESTION.id, { verdict: 'yes', version: 2, by: 'api', at: AT }),
  'DynamoDbReconciliation.get GetItem': async (place) => reconciliation(place).findings('orders'),
  'DynamoDbReconciliation.put PutItem': async (place) => reconciliation(place).rememberPass(await reconciliation(place).pass()),

  'StepFunctionsCallbacks.wake SendTaskSuccess': async ({ world }) => world.composition('decide').callbacks().wake('token' as TaskToken),
  'StepFunctionsExecutions.start StartExecution': async (place) => executions(place).start(NAME, { key: 'orders', window: '20260601T0000Z', attempt: 1 }),
  'StepFunctionsExecutions.stop StopExecution': async (place) => executions(place).stop(EXECUTION, 'a test'),
  'StepFunctionsExecutions.describe DescribeExecution': async (place) => executions(place).status(NAME),
  'LambdaRescuer.invoke Invoke': async ({ world }) => world.composition('operate').rescuer().cancelDeletions('orders', NOTE),
  'LambdaProbes.ask Invoke': async ({ world }) => world.composition('notify-dependent').probes().ask('arn:aws:lambda:eu-central-1:111122223333:function:probe', {}),
  'EventBridgeBus.publish PutEvents': async ({ world }) => world.composition('notify-dependent').bus().publish('Key Version Prepared', { key: 'orders' }),
  'SnsAlerts.publish Publish': async ({ world }) => world.composition('classify-failure').alerts().publish(ALERT),
};
