import type { Fault, FaultPoint } from '../../local/simulator/world';
import { DAY, Scenario } from './scenario';

/** Which life is crashed: a key's bootstrap, or the rotation after it. */
export interface Life {
  readonly name: string;
  readonly begin: () => Promise<Scenario>;
  readonly days: number;
  /** How many KMS keys the life ends with. */
  readonly keys: number;
}

export const BOOTSTRAP: Life = { name: 'a bootstrap', begin: () => Scenario.registered(), days: 3, keys: 1 };
export const ROTATION: Life = { name: 'a rotation', begin: () => Scenario.bootstrapped(), days: 25, keys: 2 };

/** Every SDK call of a life that nothing disturbs. The idle looks of the schedule are one call, not fifty. */
export async function pointsOf(life: Life): Promise<readonly FaultPoint[]> {
  const scenario = await life.begin();
  const before = scenario.world.calls.length;
  await scenario.pass(life.days * DAY);
  let hasIdleLook = false;
  return scenario.world.calls.slice(before).filter((point, position, all) => {
    const isIdleLook = point.operation === 'Query' && all[position + 1]?.operation !== 'GetItem';
    const isKept = !isIdleLook || !hasIdleLook;
    hasIdleLook ||= isIdleLook;
    return isKept;
  });
}

/** Lives the life with one fault at one call. @returns what is wrong at its end; nothing is what it should be. */
export async function disturb(life: Life, point: FaultPoint, fault: Fault): Promise<readonly string[]> {
  const scenario = await life.begin();
  let isDone = false;
  scenario.world.fault = ({ index }) => {
    if (index !== point.index || isDone) return 'none';
    isDone = true;
    return fault;
  };
  await scenario.pass(life.days * DAY);
  return scenario.world.calls.length > point.index ? faultsIn(scenario, life) : ['the fault was not reached'];
}

async function faultsIn(scenario: Scenario, life: Life): Promise<readonly string[]> {
  const key = await scenario.key();
  const statuses = Object.values(key.versions).map((version) => version.status);
  const expected = life.keys === 1 ? ['ACTIVE'] : ['REVOKED', 'ACTIVE'];
  const alias = scenario.world.kms.snapshot().aliases.find(({ name }) => name === key.policy.alias)?.targetKeyId;
  const active = Object.values(key.versions).find((version) => version.status === 'ACTIVE')?.kmsKeyId;
  const findings = [
    [statuses.join() === expected.join(), `statuses are ${statuses.join()}`],
    [scenario.createdKeys().length === life.keys, `${scenario.createdKeys().length} KMS keys were created`],
    [alias === active, `the alias points to ${alias ?? 'nothing'}, the ACTIVE key is ${active ?? 'none'}`],
    [key.lease === null && key.intent === null, `lease ${key.lease?.rotationId ?? 'free'}, intent ${key.intent?.kind ?? 'none'}`],
    [(await scenario.ledgerBreak()) === undefined, `the ledger is broken: ${await scenario.ledgerBreak()}`],
    [scenario.outcomes().at(-1)?.outcome === 'completed', `outcomes: ${JSON.stringify(scenario.outcomes())}`],
    [scenario.violations().length === 0, `violations: ${JSON.stringify(scenario.violations())}`],
  ] as const;
  return findings.flatMap(([isRight, finding]) => (isRight ? [] : [finding]));
}

/** Disturbs a life at each of its calls. @returns one line per finding. */
export async function disturbEverywhere(life: Life, fault: Fault): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const point of await pointsOf(life)) {
    for (const finding of await disturb(life, point, fault)) findings.push(`${point.function}: ${point.service} ${point.operation} (call ${point.index}): ${finding}`);
  }
  return findings;
}
