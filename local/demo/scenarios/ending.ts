import { check, type Verdict } from '../../../lambdas/domain/checker';
import { ledgerBreak } from '../../../lambdas/domain/ledger';
import type { KeyReading } from '../../../lambdas/ports/registry';
import { pictureOf, registryOf } from '../account';
import { CONSUMER_SUFFIX, type Stage } from './stage';
import type { Standing } from './scenario';

/** Compares what has come of a scenario with what its end must be. */
export async function checkEnd(stage: Stage): Promise<void> {
  const { scenario, cloud } = stage;
  const { end, key: name } = scenario;
  const reading = await stage.reading();
  const { versions, aliasTarget } = await pictureOf(cloud, registryOf(cloud), name);
  const keys = new Map(cloud.kms.snapshot().keys.map(({ id, state }) => [id, state]));
  const isEqual = (what: string, found: string, wanted: string): void => { stage.check(`${what}: ${wanted}`, found === wanted, found); };

  isEqual('versions and their KMS keys', versions.map(({ number, status, kmsKeyId = '' }) => `v${number} ${status} ${keys.get(kmsKeyId) ?? 'without a key'}`).join(', '), end.versions);
  isEqual(`${reading.key.policy.alias} points to`, versions.flatMap(({ number, kmsKeyId }) => (kmsKeyId === aliasTarget ? [`v${number}`] : [])).join() || String(aliasTarget), end.alias);
  isEqual('the key stands', standingOf(reading), end.stands);
  isEqual('its runs', stage.runs().map(({ name: run, status, outcome }) => `${run.split('-').at(-1) ?? ''} ${outcome || status}`).join(', ') || 'none', end.runs.join(', ') || 'none');
  isEqual('alerts', stage.alerts().join('; ') || 'none', end.alerts.join('; ') || 'none');
  const broken = ledgerBreak(await stage.ledger(), reading.key);
  stage.check('the ledger: every transition, an unbroken chain', broken === undefined, broken);
  const { calls, failures } = stage.tally;
  if (end.mayFailConsumers !== true) stage.check(`consumers: none of ${calls} calls failed`, failures.length === 0, failures[0]);
}

/** The checker's verdicts on everything that has happened. */
export function verdictsOn({ cloud, nowMs }: Stage): readonly Verdict[] {
  return check(cloud.trace.events(), { isConsumer: (actor) => actor.includes(CONSUMER_SUFFIX), untilMs: nowMs });
}

function standingOf({ key, freeze }: KeyReading): Standing {
  if (freeze !== null) return 'frozen';
  if (key.quarantine !== null) return 'quarantined';
  if (key.hold !== null) return 'held';
  return key.lease === null ? 'free' : 'owned';
}
