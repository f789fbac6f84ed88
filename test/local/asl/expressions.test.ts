import type { Json } from '../../../lambdas/domain/trace';
import { expressionProblems } from '../../../local/asl/expression-checks';
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
  ['$random(42)', 0.7275636800328681],
  ['$random(-3.9) = $random(-3)', true],
  ['$shuffle([1,2,3])', [1, 2, 3]],
  ['$uuid()', 'an-id'],
  ['$parse("{\\"x\\":[1,null]}")', { x: [1, null] }],
  ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
  ['$range(0, 10, 5)', [0, 5, 10]],
  ['$range(3, 1, -1)', [3, 2, 1]],
  ['$hash("abc", "SHA-256")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['$hash("abc", "MD5")', '900150983cd24fb0d6963f7d28e17f72'],
  ['$hash("input", "SHA-1")', '140f86aae51ab9e1cda9b4254fe98a74eb54c1a1'],
  ['$partition([1..3], 2.9)', [[1, 2], [3]]],
  ['$range(-1.7, 2, 1)', [-1, 0, 1, 2]],
  ['$count($range(1, 200000, 1))', 200_000],
  ['$count([1..873782])', 873_782],
  ['$count([$partition($absent, 2), $range(1, $absent, 1), $hash($absent, "MD5"), $parse($absent)])', 0],
  ['{"kept": 1, "dropped": $states.input.absent}', { kept: 1 }],
])('%s', async (source, value) => {
  expect(await evaluate(source)).toEqual(value);
});

test.each([
  ['$partition([1], 0)', /positive integer/],
  ['$range(0, 1, 0)', /step other than 0/],
  ['$range(0, 360145, 1)', /evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage$/],
  ['$count([1..873783])', /memory limit/],
  ['($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p("x", 23)))', /memory limit/],
  [`${'1+'.repeat(150)}1`, /evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive\.$/],
  ['($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(100))', /Stack overflow/],
  ['($f := function($n) { $f($n + 1) }; $f(0))', /evaluation: Expression evaluation timeout: Check for infinite loop$/],
  ['1 + "a"', /threw an error during evaluation\. T2002: /],
  ['$range("a", 1, 1)', /T0410: Argument 1 of function "range"/],
  ['$hash("abc", "CRC")', /\$hash knows/],
  ['$parse("{")', /JSON/],
  ['$eval("1")', /T1006/],
  ['$', /returned nothing/],
])('fails: %s', async (source, message) => {
  await expect(evaluate(source)).rejects.toThrow(message);
});

test.each([
  ['elements side by side', `[${'$v,'.repeat(300)} $v] ~> $count()`, 301],
  ['tail calls', '($f := function($n) { $n = 0 ? "done" : $f($n - 1) }; $f(5000))', 'done'],
  ['a loop with arrays and groups in its body', '$count($map([1..500], function($n) { [[$n, $n + 1], {"a": $n, "b": [$n]}] }))', 500],
  ['a string of 4 MiB', '($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p("x", 22)))', 4_194_304],
])('is deep enough for %s', async (_, source, value) => {
  expect(await evaluate(source)).toEqual(value);
});

test('evaluations of one expression at the same time have a budget each', async () => {
  const source = '($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(10))';
  expect(await Promise.all(Array.from({ length: 50 }, () => evaluate(source)))).toEqual(Array.from({ length: 50 }, () => 10));
});

test('fails: a regular expression that backtracks for longer than a second, also after another definition was checked', async () => {
  const template = '{% $match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/) %}';
  const evaluated = (): Promise<Json> => expressions.evaluate(template, {}, 'Output');
  await expect(evaluated()).rejects.toThrow(/evaluation: Expression evaluation timeout: Check for infinite loop$/);
  expect(expressionProblems('1', false)).toEqual([]);
  await expect(evaluated()).rejects.toThrow(/timeout/);
});

test('fails: quantifiers side by side that backtrack for longer than a second', async () => {
  await expect(evaluate(`$contains($pad("", 5000, "a"), /${'a*'.repeat(6)}b/)`)).rejects.toThrow(/timeout/);
});

test.each([
  ['a small one many times', '$count($map([1..10000], function($n) { $contains("abc-" & $n, /^[a-z]+-(\\d+)$/) })[$])', 10_000],
  ['one with a repeated group', '$match("ab-cd-ef", /^(?:[a-z]+-?)+$/).match', 'ab-cd-ef'],
  ['groups in a long text', '$match($pad("", 5000, "a") & "b=1", /(a*)(b)=(\\d)/).groups[1]', 'b'],
  ['all matches', '$replace("a1b22c", /[0-9]+/, "#") & $join($split("a, b,c", /,\\s*/), "|")', 'a#b#ca|b|c'],
])('matches regular expressions: %s', async (_, source, value) => {
  expect(await evaluate(source)).toEqual(value);
});

test('an evaluation holds the virtual time', async () => {
  const evaluation = evaluate('1');
  expect(timeline.isBusy()).toBe(true);
  await evaluation;
  expect(timeline.isBusy()).toBe(false);
});
