import { Faults } from '../../../local/cloud/faults';
import { LostAnswer, type ServiceCall } from '../../../local/wire/message';

const call = (operation: string, traceId = 'Root=1'): ServiceCall => ({ service: 'kms', operation, input: {}, caller: { accountId: '1', arn: 'arn', userId: 'u', traceId } });

test('a service that is down answers no such call until it is up again', async () => {
  const faults = new Faults();
  const end = faults.outage({ service: 'kms', operation: 'CreateKey' });
  const applied = jest.fn(async () => 'answer');
  await expect(faults.intercept(call('CreateKey'), applied)).rejects.toMatchObject({ code: 'InternalError', httpStatus: 500 });
  expect(applied).not.toHaveBeenCalled();
  expect(await faults.intercept(call('DescribeKey'), applied)).toBe('answer');
  end();
  expect(await faults.intercept(call('CreateKey'), applied)).toBe('answer');
});

test('a function that dies after a call has it applied and is not answered; nothing that it still does has an effect, and others are not concerned', async () => {
  const faults = new Faults();
  const crashed: string[] = [];
  faults.crashAfter({ service: 'kms', operation: 'CreateKey' }, (traceHeader) => crashed.push(traceHeader));
  const applied = jest.fn(async () => 'answer');
  await expect(faults.intercept(call('CreateKey'), applied)).rejects.toBeInstanceOf(LostAnswer);
  expect(applied).toHaveBeenCalledTimes(1);
  expect(crashed).toEqual(['Root=1']);
  await expect(faults.intercept(call('DescribeKey'), applied)).rejects.toBeInstanceOf(LostAnswer);
  expect(applied).toHaveBeenCalledTimes(1);
  expect(await faults.intercept(call('CreateKey', 'Root=2'), applied)).toBe('answer');
});
