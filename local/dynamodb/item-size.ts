import type { AttributeValue, Item } from './attribute-value';

/** What a list or map costs besides its elements, and what each element costs besides its value. */
const DOCUMENT_BYTES = 3;
const ELEMENT_BYTES = 1;

/** Items are replaced, never changed: most are measured again and again. */
const sizes = new WeakMap<Item, number>();

/**
 * Bytes of an item: its attribute names and values. Texts count in UTF-8.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemSize(item: Item): number {
  const known = sizes.get(item);
  if (known !== undefined) return known;
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += textSize(name) + valueSize(value);
  sizes.set(item, bytes);
  return bytes;
}

/** Bytes of a text in UTF-8. */
export function textSize(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** Bytes that base64 text stands for. */
export function binarySize(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function valueSize({ S, N, B, SS, NS, BS, L, M }: AttributeValue): number {
  if (S !== undefined) return textSize(S);
  if (N !== undefined) return numberSize(N);
  if (B !== undefined) return binarySize(B);
  if (SS !== undefined) return sum(SS, textSize);
  if (NS !== undefined) return sum(NS, numberSize);
  if (BS !== undefined) return sum(BS, binarySize);
  if (L !== undefined) return DOCUMENT_BYTES + sum(L, (element) => ELEMENT_BYTES + valueSize(element));
  if (M !== undefined) return DOCUMENT_BYTES + ELEMENT_BYTES * Object.keys(M).length + itemSize(M);
  // BOOL and NULL.
  return 1;
}

/**
 * One byte, one for each two significant digits on either side of the point, one for a minus.
 * The documentation says "approximately"; this is what dynoxide's author measured on AWS.
 * @see https://github.com/nubo-db/dynoxide/pull/195
 */
function numberSize(decimal: string): number {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  let before = whole.replace(/^0+/, '');
  let after = fraction.replace(/0+$/, '');
  if (after === '') before = before.replace(/0+$/, '');
  if (before === '') after = after.replace(/^0+/, '');
  return 1 + Math.ceil(before.length / 2) + Math.ceil(after.length / 2) + (decimal.startsWith('-') ? 1 : 0);
}

function sum<Element>(elements: readonly Element[], sizeOf: (element: Element) => number): number {
  return elements.reduce((bytes, element) => bytes + sizeOf(element), 0);
}
