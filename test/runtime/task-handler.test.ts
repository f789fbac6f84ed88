import { z } from 'zod';
import { TaskError } from '../../lambdas/domain/task-error';
import { parsePayload, taskHandler } from '../../lambdas/runtime/task-handler';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import { notifyDependentInput } from '../../lambdas/tasks/notify-dependent';

const TOKEN = 'AQCEAAAAKgAAAAMAAAAA-secret';
const input = {
  key: 'orders',
  run: { kind: 'rotation', window: '20260610T0000Z', number: 1 },
  rotationId: 'orders-20260610T0000Z-a1',
  enteredAt: '2026-06-10T00:00:00.000Z',
  fence: 3,
  version: 2,
  dependent: 'orders-api',
  taskToken: TOKEN,
  retries: 0,
};
const context = { key: 'orders', rotationId: 'orders-20260610T0000Z-a1', version: 2, dependent: 'orders-api' };

/** Telemetry that remembers. */
function spy(): Telemetry & { readonly lines: unknown[]; readonly counts: string[] } {
  const lines: unknown[] = [];
  const counts: string[] = [];
  return { lines, counts, info: (...line) => lines.push(['info', ...line]), warn: (...line) => lines.push(['warn', ...line]), countFailure: (error) => counts.push(error), gauge: () => undefined };
}

test('puts the rotation on the log line of a task that is done', async () => {
  const telemetry = spy();
  expect(await taskHandler(notifyDependentInput, async () => ({ done: true }), telemetry)(input, { awsRequestId: 'request' })).toEqual({ done: true });
  expect(telemetry.lines).toEqual([['info', 'task done', context]]);
  expect(telemetry.counts).toEqual([]);
});

test('lets a named error out as it is, logged and counted by its name', async () => {
  const telemetry = spy();
  const error = new TaskError('Throttled', 'KMS said no');
  const run = taskHandler(notifyDependentInput, async () => Promise.reject(error), telemetry)(input, { awsRequestId: 'request' });
  await expect(run).rejects.toBe(error);
  expect(telemetry.lines).toEqual([['warn', 'task failed', { ...context, error: 'Throttled', errorClass: 'retry', reason: 'KMS said no' }]]);
  expect(telemetry.counts).toEqual(['Throttled']);
});

test.each<[string, unknown, RegExp]>([
  ['an error of the SDK', Object.assign(new Error('what AWS says'), { name: 'SurpriseException' }), /what AWS says/],
  ['a bug', new TypeError('undefined is not a function'), /undefined is not a function/],
  ['something that is no error', 'text', /text/],
])('gives %s the name UnclassifiedServiceError, with its cause', async (_, thrown, message) => {
  const telemetry = spy();
  const run = taskHandler(
    notifyDependentInput,
    async () => {
      throw thrown;
    },
    telemetry,
  )(input, { awsRequestId: 'request' });
  await expect(run).rejects.toMatchObject({ name: 'UnclassifiedServiceError', message: expect.stringMatching(message), cause: thrown });
  expect(telemetry.counts).toEqual(['UnclassifiedServiceError']);
});

test('never writes the task token on a log line or into an error', async () => {
  const telemetry = spy();
  await taskHandler(notifyDependentInput, async () => ({}), telemetry)(input, { awsRequestId: 'request' });
  await taskHandler(notifyDependentInput, async () => Promise.reject(new Error('broken')), telemetry)(input, { awsRequestId: 'request' }).catch(() => undefined);
  const refused: unknown = await taskHandler(notifyDependentInput, async () => ({}), telemetry)({ ...input, fence: 0, taskToken: TOKEN.repeat(200) }, { awsRequestId: 'request' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'InvalidTaskInput', message: expect.stringContaining('taskToken') });
  expect(telemetry.lines).toHaveLength(2);
  expect(JSON.stringify([telemetry.lines, String(refused)])).not.toContain('secret');
});

test('names every finding of a payload, and where it is', () => {
  const schema = z.strictObject({ a: z.number(), b: z.object({ c: z.string() }) });
  expect(() => parsePayload(schema, { a: 'x', b: { c: 1 }, d: 2 })).toThrow(/a: .*; b\.c: .*; payload: .*"d"/);
  expect(() => parsePayload(schema, undefined)).toThrow(/payload: /);
});
