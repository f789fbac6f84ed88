import type { Json } from '../../../lambdas/domain/trace';
import { Expressions } from '../../../local/asl/expressions';
import { Timeline } from '../../../local/kernel/clock';

const timeline = new Timeline(Date.parse('2026-04-01T12:00:00.250Z'));
const expressions = new Expressions({ timeline, random: () => 0.75, newId: () => 'an-id' });

function evaluate(source: string): Promise<Json> {
  return expressions.evaluate(`{% ${source} %}`, { states: { input: { a: [1, 2] } }, v: 'variable' }, 'Output');
}

test.each<readonly [source: string, value: Json]>([
  ['$states.input.a', [1, 2]],
  ['$v', 'variable'],
  ['null', null],
  ['$now()', '2026-04-01T12:00:00.250Z'],
  ['$now("[Y0001]-[M01]")', '2026-04'],
  ['$millis()', Date.parse('2026-04-01T12:00:00.250Z')],
  ['$fromMillis($toMillis("10:30", "[H01]:[m01]"))', '2026-04-01T10:30:00.000Z'],
  ['$random()', 0.75],
  ['$random(7) = $random(7) and $random(7) < 1', true],
  ['$shuffle([1,2,3])', [1, 2, 3]],
  ['$uuid()', 'an-id'],
  ['$parse("{\\"x\\":[1,null]}")', { x: [1, null] }],
  ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
  ['$range(0, 10, 5)', [0, 5, 10]],
  ['$range(3, 1, -1)', [3, 2, 1]],
  ['$hash("abc", "SHA-256")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['$hash("abc", "MD5")', '900150983cd24fb0d6963f7d28e17f72'],
  ['{"kept": 1, "dropped": $states.input.absent}', { kept: 1 }],
])('%s', async (source, value) => {
  expect(await evaluate(source)).toEqual(value);
});

test.each([
  ['$partition([1], 0)', /positive integer/],
  ['$range(0, 1, 0)', /step other than 0/],
  ['$range(0, 1000, 1)', /at most 1000/],
  ['$range("a", 1, 1)', /T0410: Argument 1 of function "range"/],
  ['$hash("abc", "CRC")', /\$hash knows/],
  ['$parse("{")', /JSON/],
  ['$eval("1")', /T1006/],
  ['$', /returned nothing/],
])('fails: %s', async (source, message) => {
  await expect(evaluate(source)).rejects.toThrow(message);
});

test('an evaluation holds the virtual time', async () => {
  const evaluation = evaluate('1');
  expect(timeline.isBusy()).toBe(true);
  await evaluation;
  expect(timeline.isBusy()).toBe(false);
});
