import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import type { TraceEvent } from '../../lambdas/domain/trace';
import { AwsError } from '../../local/kernel/aws-error';
import { realCryptography } from '../../local/kms/cryptography/cryptography';
import type { Cryptography, Secret } from '../../local/kms/cryptography/material';
import { seeded } from '../../local/simulator/random';
import type { Fault } from '../../local/simulator/invocations';
import { inKeyStore } from '../support/key-store';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** What befalls every so-maniest call; the numbers are primes that share no rhythm with a function's calls. */
const FAULTS: Readonly<Record<string, { readonly every: number; readonly fault: Fault }>> = {
  'nothing fails': { every: Infinity, fault: 'none' },
  'answers are lost': { every: 11, fault: 'lose-answer' },
  'functions die before calls': { every: 13, fault: 'die-before' },
  'functions die after calls': { every: 13, fault: 'die-after' },
  'calls are throttled': { every: 7, fault: new AwsError('ThrottlingException', 'Rate exceeded') },
  'services fail': { every: 11, fault: new AwsError('InternalFailure', 'We are sorry', 500) },
  'transactions are in conflict': {
    every: 17,
    fault: new AwsError('TransactionCanceledException', 'Transaction cancelled', 400, { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }, { Code: 'None' }] }),
  },
  'access is denied': { every: 29, fault: new AwsError('AccessDeniedException', 'No') },
};

const KINDS: readonly Partial<KeyPolicy>[] = [
  { spec: 'RSA_2048', usage: 'SIGN_VERIFY' },
  { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' },
  { spec: 'ECC_NIST_P256', usage: 'KEY_AGREEMENT' },
  { spec: 'ML_KEM_768', usage: 'ENCAPSULATE_DECAPSULATE' },
];

/** Node makes keys of RSA from its own randomness: every world of a kind is given the same ones. The rest is a function of the seed. */
function sameKeys(): Cryptography {
  const random = seeded(1);
  const real = realCryptography((length) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))));
  let made = 0;
  return {
    ...real,
    generate(spec) {
      if (!spec.startsWith('RSA')) return real.generate(spec);
      const secret = rsaKeys[made] ?? real.generate(spec);
      rsaKeys[made++] = secret;
      return secret;
    },
  };
}
const rsaKeys: Secret[] = [];

const WIRES = ['sdk', 'direct'] as const;

/** A bootstrap, a rotation with its retirement, and the look of a reconciliation. */
async function trace(wire: 'sdk' | 'direct', kind: Partial<KeyPolicy>, { every, fault }: { readonly every: number; readonly fault: Fault }): Promise<readonly TraceEvent[]> {
  const scenario = await Scenario.registered(policyOf({ ...SHORT, ...kind }), { wire, kms: { cryptography: sameKeys() } });
  scenario.world.fault = ({ index }) => (index % every === every - 1 ? fault : 'none');
  await scenario.world.fireSchedule();
  await scenario.advance(HOUR);
  await scenario.pass(20 * DAY);
  await scenario.world.reconcile();
  // What a function that died still had under way comes to its end.
  await scenario.advance(HOUR);
  return scenario.world.trace.events();
}

function expectRotation(events: readonly TraceEvent[]): void {
  expect(events.filter(({ type }) => type === 'kms.key-created').length).toBeGreaterThan(1);
}

test.each(Object.entries(FAULTS))('when %s, a world with direct clients lives the same life as one with those of the SDK', async (_, fault) => {
  const [sdk = [], direct = []] = await Promise.all(WIRES.map((wire) => trace(wire, {}, fault)));
  expect(direct).toEqual(sdk);
  if (fault.every === Infinity) expectRotation(direct);
});

test.each(KINDS)('with a key of $spec for $usage too', async (kind) => {
  const [sdk = [], direct = []] = await Promise.all(WIRES.map((wire) => trace(wire, kind, { every: 19, fault: 'lose-answer' })));
  expect(direct).toEqual(sdk);
  expectRotation(direct);
});

test('and with a key in a key store', async () => {
  const [sdk = [], direct = []] = await Promise.all(
    WIRES.map(async (wire) => {
      const { scenario } = await inKeyStore({ wire });
      await scenario.pass(20 * DAY);
      return scenario.world.trace.events();
    }),
  );
  expect(direct).toEqual(sdk);
  expectRotation(direct);
});

test.each<[Fault, string]>([['die-after', 'Lambda.Unknown'], ['lose-answer', 'Throttled']])('a call that is refused is a call: %s strikes behind it', async (fault, error) => {
  const scenario = await Scenario.registered(policyOf({ ...SHORT, dependents: [] }));
  const { world } = scenario;
  let isStruck = false;
  // Before a bootstrap there is no alias: KMS refuses.
  world.fault = ({ function: name, operation }) => {
    if (isStruck || name !== 'create-key-version' || operation !== 'DescribeKey') return 'none';
    isStruck = true;
    return fault;
  };
  await world.fireSchedule();
  await scenario.advance(HOUR);
  const ends = world.trace.events().flatMap((event) => (event.type === 'lambda.invoked' && event.function === 'create-key-version' ? [event.error] : []));
  const refused = world.trace.events().find((event) => event.type === 'sdk.call' && event.actor.includes('create-key-version') && event.operation === 'DescribeKey');
  expect(refused).toMatchObject({ error: fault === 'lose-answer' ? 'LostAnswer' : expect.anything() });
  expect(ends).toEqual([error, null]);
});
