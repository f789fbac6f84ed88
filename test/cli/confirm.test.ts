import { createInterface } from 'node:readline/promises';
import { confirmKey } from '../../cli/confirm';

jest.mock('node:readline/promises', () => ({ createInterface: jest.fn() }));

const { isTTY } = process.stdin;
afterEach(() => { process.stdin.isTTY = isTTY; });

/** What a person at a terminal types, and what they were asked. */
function typing(typed: string): { readonly asked: string[] } {
  const asked: string[] = [];
  process.stdin.isTTY = true;
  jest.mocked(createInterface).mockReturnValue({
    question: async (question: string) => {
      asked.push(question);
      return typed;
    },
    close: () => undefined,
  } as unknown as ReturnType<typeof createInterface>);
  return { asked };
}

test.each(['orders', ' orders '])('whoever types "%s" goes on', async (typed) => {
  const { asked } = typing(typed);
  await confirmKey('orders', 'Its deletion would be scheduled.', undefined);
  expect(asked).toEqual(["Its deletion would be scheduled.\nType the key's name to go on: "]);
});

test.each(['', 'y', 'yes', 'o', 'Orders', 'orders2'])('refuses "%s": no single keystroke is enough', async (typed) => {
  typing(typed);
  await expect(confirmKey('orders', 'Its deletion would be scheduled.', undefined)).rejects.toThrow(`"${typed}" is not "orders"; nothing was done.`);
});

test('refuses without a terminal, with what to give', async () => {
  process.stdin.isTTY = false;
  await expect(confirmKey('orders', '', undefined)).rejects.toThrow('give --yes-i-mean orders. Nothing was done.');
});

test('asks nothing of whoever gave the name, and takes no other', async () => {
  const { asked } = typing('orders');
  await confirmKey('orders', '', 'orders');
  await expect(confirmKey('orders', '', 'order')).rejects.toThrow('"order" is not "orders"');
  expect(asked).toEqual([]);
});
