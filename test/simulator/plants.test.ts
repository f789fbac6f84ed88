import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import type { Handler } from '../../lambdas/runtime/on-lambda';
import { DESIGNS } from '../../local/simulator/controls';
import { type Plant, PLANTS } from '../../local/simulator/plants';
import type { Step } from '../../local/simulator/run/plan';
import { play } from '../../local/simulator/run/run';
import { World } from '../../local/simulator/world';

const DEFINITION = readFileSync(join(__dirname, '../../statemachine/key-rotation.asl.json'), 'utf8');
const NAMES = Object.keys(FUNCTIONS) as FunctionName[];
const world = new World({ wire: 'direct' });

const plantOf = (name: string): Plant => PLANTS.find((plant) => plant.name === name)!;

/** The functions that a plant gives another adapter or another handler. */
function replacedIn({ replacements }: Plant): readonly FunctionName[] {
  return NAMES.filter((name) => {
    const composition = world.composition(name);
    const handler: Handler = async () => null;
    const replaced = replacements.composition?.(composition, name) ?? composition;
    return replaced !== composition || (replacements.handler?.(name, handler) ?? handler) !== handler;
  });
}

describe('planted bugs', () => {
  test('have names of their own, and say what is off', () => {
    expect(PLANTS.length).toBeGreaterThanOrEqual(22);
    expect(new Set(PLANTS.map(({ name }) => name)).size).toBe(PLANTS.length);
    for (const { name, off } of PLANTS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(off).toMatch(/\w+ \w+/);
    }
  });

  test.each(PLANTS)('$name replaces something', (plant) => {
    const text = plant.replacements.definition?.('key-rotation', DEFINITION) ?? DEFINITION;
    // What was written anew but says the same is no change.
    const isTextChanged = JSON.stringify(JSON.parse(text)) !== JSON.stringify(JSON.parse(DEFINITION));
    expect(isTextChanged || replacedIn(plant).length > 0).toBe(true);
  });

  test('leave the functions that they do not mean as they are', () => {
    expect(replacedIn(plantOf('no-drain'))).not.toContain('claim-rotation');
    expect(replacedIn(plantOf('abort-revokes'))).toEqual(['abort-safely']);
    expect(replacedIn(plantOf('callback-trusted'))).toEqual(['read-approval']);
  });
});

const HOUR = 3_600_000;

/** Each with a seed (which makes the policies) and the few faults that it shows under. */
const CAUGHT: readonly (readonly [name: string, seed: number, steps: readonly Step[], invariant: string])[] = [
  ['token-not-raised', 1, [], '7 fencing tokens only grow'],
  ['old-token-accepted', 1, [{ at: 'invocation', fault: 'function-given-up', function: 'prove-key-version', nth: 1, ms: 20_000 }], '8 nothing is done for Q after settling'],
  ['no-drain', 2, [], '4 drain and bake last as long as the policy says'],
  ['sdk-retries-create-key', 1, [{ at: 'call', fault: 'create-key-answer-lost', function: 'create-key-version', service: 'kms', operation: 'CreateKey', nth: 0, ms: 1 }], '1 one KMS key is made per version'],
  ['no-alias-read-back', 1, [{ at: 'call', fault: 'applied-late', function: 'promote-key-version', service: 'kms', operation: 'UpdateAlias', nth: 0, ms: 60_000 }], '3 a promotion is committed with the alias on it'],
  ['not-ready-promoted', 2, [{ at: 'question', fault: 'dependent-silent', nth: 0 }], '4 dependents are ready before a promotion'],
  ['hold-ignored', 3, [{ at: 'moment', fault: 'hold-set', atMs: 0, ms: 6 * HOUR, key: 0, state: { name: 'Drain', nth: 0 } }], '6 nothing is retired while held or frozen'],
  ['requester-approves', 1, [{ at: 'moment', fault: 'emergency', atMs: HOUR, ms: 1, key: 0 }], '6 an emergency is approved'],
];

const violatedBy = async (seed: number, steps: readonly Step[], plant?: Plant): Promise<readonly string[]> => {
  const world = { wire: 'direct', ...(plant !== undefined && { replacements: plant.replacements }) } as const;
  const { verdicts } = await play({ seed, steps }, { design: DESIGNS.keyturn, keys: 1, windows: 1, world });
  return verdicts.flatMap(({ invariant, status }) => (status === 'violated' ? [invariant] : []));
};

describe('the checker catches', () => {
  test.each(CAUGHT)('%s', async (name, seed, steps, invariant) => {
    expect(await violatedBy(seed, steps, plantOf(name))).toContain(invariant);
    expect(await violatedBy(seed, steps)).toEqual([]);
  });
});
