import { describeStep, durationWords } from '../../local/simulator/run/describe-step';
import type { Step } from '../../local/simulator/run/plan';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CHAOS_MS = 44 * HOUR;

test.each([
  [0, '0 ms'], [999, '999 ms'], [1000, '1.0 s'], [118_999, '119.0 s'], [120_000, '2 min'], [32 * MINUTE, '32 min'], [2 * HOUR, '2.0 h'], [10_812_802, '3.0 h'],
])('%i ms are %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words);
});

const call = { at: 'call', function: 'create-key-version', service: 'kms', operation: 'CreateKey', nth: 1 } as const;
const moment = { at: 'moment', atMs: 27 * HOUR, ms: 3 * HOUR + 1, key: 0 } as const;

test.each<[Step, string]>([
  [{ ...call, fault: 'crash-before-call', ms: 1 }, 'crash-before-call at call 2 of kms CreateKey by create-key-version'],
  [{ ...call, fault: 'applied-late', ms: 119_000 }, 'applied-late at call 2 of kms CreateKey by create-key-version, which takes effect 119.0 s after it was made'],
  [{ ...call, fault: 'kms-throttled', ms: 1 }, 'kms-throttled at call 2 of kms CreateKey by create-key-version'],
  [{ ...call, fault: 'kms-throttled', ms: 20 * MINUTE }, 'kms-throttled at call 2 of kms CreateKey by create-key-version, and at every call of kms for 20 min'],
  [{ ...call, fault: 'kms-quota-exhausted', ms: 20 * MINUTE }, 'kms-quota-exhausted at call 2 of kms CreateKey by create-key-version, and at every CreateKey for 20 min'],
  [{ ...call, fault: 'callback-late', service: 'states', operation: 'SendTaskSuccess', ms: 3 * HOUR }, 'callback-late at call 2 of states SendTaskSuccess, whoever makes it, which arrives 3.0 h late'],
  [{ ...call, fault: 'dynamodb-stale-index', service: 'dynamodb', operation: 'Query', ms: 4 * MINUTE }, 'dynamodb-stale-index at look 2 at the index of due keys, and at every look for 4 min'],
  [{ at: 'invocation', fault: 'function-given-up', function: 'settle', nth: 0, ms: 72_000 }, 'function-given-up at invocation 1 of settle, which runs all the same 12.0 s later'],
  [{ at: 'invocation', fault: 'task-timed-out', function: 'settle', nth: 0, ms: 72_000 }, 'task-timed-out at invocation 1 of settle'],
  [{ at: 'state', fault: 'execution-redriven', state: 'Drain', nth: 2, ms: HOUR }, 'execution-redriven 60 min after entry 3 into Drain, redriven 2.0 h later'],
  [{ at: 'question', fault: 'dependent-silent', nth: 0 }, 'dependent-silent at question 1'],
  [{ ...moment, fault: 'rotation-requested' }, 'rotation-requested (key-1) at 06-02 03:00:00'],
  [{ ...moment, fault: 'hold-set' }, 'hold-set (key-1, for 3.0 h) at 06-02 03:00:00'],
  [{ ...moment, fault: 'hold-set', atMs: 4000, state: { name: 'Bake', nth: 0 } }, 'hold-set (for 3.0 h) 4.0 s after entry 1 into Bake'],
  [{ ...moment, fault: 'table-restored' }, 'table-restored (to what it held at 06-01 23:59:59) at 06-02 03:00:00'],
  [{ ...moment, fault: 'schedule-missed' }, 'schedule-missed from 06-02 03:00:00 on: nothing fires for 12.0 h'],
  [{ at: 'start', fault: 'slow-visibility', ms: 4 * MINUTE }, 'slow-visibility: KMS shows changes up to 4 min late, all the time'],
])('%j in words', (step, words) => {
  expect(describeStep(step, CHAOS_MS)).toBe(words);
});

test('what is planned for after the chaos comes when the run really has it', () => {
  expect(describeStep({ ...moment, fault: 'rotation-requested', atMs: CHAOS_MS + 5 * HOUR }, CHAOS_MS)).toBe('rotation-requested (key-1) at 06-01 05:00:00');
});
