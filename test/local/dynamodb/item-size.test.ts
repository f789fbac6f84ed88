import type { AttributeValue } from '../../../local/dynamodb/attribute-value';
import { itemSize } from '../../../local/dynamodb/item-size';

test.each<[string, AttributeValue, number]>([
  ['a text, in UTF-8', { S: 'aé\u{1D11E}' }, 7],
  ['an empty text', { S: '' }, 0],
  ['a binary, as its bytes', { B: 'AAEC' }, 3],
  ['a boolean', { BOOL: false }, 1],
  ['null', { NULL: true }, 1],
  ['zero', { N: '0' }, 1],
  ['two digits', { N: '27' }, 2],
  ['two digits and a minus', { N: '-27' }, 3],
  ['three digits', { N: '461' }, 3],
  ['zeros at the end', { N: '1000000' }, 2],
  ['zeros behind the point', { N: '0.0005' }, 2],
  ['digits on either side of the point', { N: '1.5' }, 3],
  ['38 digits', { N: '1'.repeat(38) }, 20],
  ['a set, as its elements', { SS: ['é', 'b'] }, 3],
  ['a number set', { NS: ['1', '27'] }, 4],
  ['a binary set', { BS: ['AAEC', 'AA=='] }, 4],
  ['an empty list', { L: [] }, 3],
  ['a list', { L: [{ S: 'ab' }, { NULL: true }] }, 3 + (1 + 2) + (1 + 1)],
  ['a map', { M: { é: { S: 'ab' } } }, 3 + 1 + 2 + 2],
])('counts %s', (_what, value, bytes) => {
  const item = { é: value };
  // Measured once, and remembered.
  for (const time of ['first', 'second']) expect([time, itemSize(item)]).toEqual([time, 'é'.length + 1 + bytes]);
});
