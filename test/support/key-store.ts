import type { WorldOptions } from '../../local/simulator/world';
import { callKms } from './outsider';
import { policyOf } from './policies';
import { HOUR, Scenario, SHORT } from './scenario';

/** A world whose one key lives in a custom key store, after its bootstrap. */
export async function inKeyStore(options: WorldOptions = {}): Promise<{ readonly scenario: Scenario; readonly storeId: string }> {
  // The store is made before the policy can name it.
  const storeId = makeStore(new Scenario());
  const scenario = new Scenario(policyOf({ ...SHORT, origin: 'AWS_CLOUDHSM', keyStoreId: storeId }), options);
  if (makeStore(scenario) !== storeId) throw new Error('two worlds gave their first key store different ids');
  await scenario.world.timeline.settle();
  await scenario.world.register([scenario.policy]);
  await scenario.world.fireSchedule();
  await scenario.advance(HOUR);
  return { scenario, storeId };
}

function makeStore(scenario: Scenario): string {
  const { CustomKeyStoreId } = callKms(scenario, 'CreateCustomKeyStore', {
    CustomKeyStoreName: 'store',
    CloudHsmClusterId: 'cluster-3a23b4cdefg',
    TrustAnchorCertificate: 'certificate',
    KeyStorePassword: 'kmsPswd',
  }) as { CustomKeyStoreId: string };
  callKms(scenario, 'ConnectCustomKeyStore', { CustomKeyStoreId });
  return CustomKeyStoreId;
}
