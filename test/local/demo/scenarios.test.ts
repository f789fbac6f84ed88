import { HAPPY } from '../../../local/demo/happy';
import { SCENARIOS } from '../../../local/demo/scenarios';
import { isAsDemanded, play, toJson, withAssembly } from '../../../local/demo/scenarios/runner';
import type { Scenario } from '../../../local/demo/scenarios/scenario';
import { commandLine } from '../../../local/demo/scenarios/terminal';

const NAMES = [
  'throttled', 'crash-after-create', 'dependent-silent', 'alias-hijacked', 'key-disabled-by-someone', 'store-disconnected', 'operator-abort', 'emergency',
  'emergency-during-drain', 'hold-before-revoke', 'late-user-rescued', 'table-restored', 'two-approvers', 'sns-down',
];

function named(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

test('there is a scenario for each thing that goes wrong, and one without trouble', () => {
  expect(SCENARIOS.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  expect(HAPPY.name).toBe('happy');
});

test('a command is printed as a shell takes it', () => {
  expect(commandLine(['approve', 'a1', '--reason', "it's right", '--as', 'user/bob'])).toBe(String.raw`keyturn approve a1 --reason 'it'\''s right' --as user/bob`);
});

// The other scenarios take too long for here: .ci/run plays all of them.
test('a hijacked alias is played to the end that the design demands; an end that it does not come to is told', async () => {
  await withAssembly(async (assembly) => {
    const told: string[] = [];
    const performance = await play(assembly, named('alias-hijacked'), { write: (text) => told.push(text) });
    const story = told.join('');
    expect(performance.checks.filter(({ isMet }) => !isMet)).toEqual([]);
    expect(isAsDemanded(performance)).toBe(true);
    expect(story).toMatch(/mallory {5}makes a key[^]*FREEZES the key[^]*ALERT {7}page:[^]*alice {7}\$ keyturn repair[^]*bob {9}\$ keyturn approve[^]*has ended: repaired/);
    expect(story).toContain('checked: alias/orders-data points to: v1');
    expect(toJson(performance)).toMatchObject({ scenario: 'alias-hijacked', isAsDemanded: true, invariants: { violations: [] }, consumers: { failed: 0 } });

    // Nobody does anything, and the end is another one.
    const { end } = performance.scenario;
    const failed = await play(assembly, { ...performance.scenario, play: async () => undefined, end: { ...end, alias: 'v2', stands: 'frozen', alerts: [] } }, { write: (text) => told.push(text) });
    expect(isAsDemanded(failed)).toBe(false);
    expect(failed.checks.filter(({ isMet }) => !isMet)).toEqual([
      { what: 'alias/orders-data points to: v2', isMet: false, found: 'v1' },
      { what: 'the key stands: frozen', isMet: false, found: 'free' },
    ]);
    expect(told.join('')).toContain('did NOT end as the design demands');
  });
}, 120_000);
