import type { Waiter } from '../../ports/acknowledgements';

/** Who waits for an item's answer, as attributes of the item. */
export function fieldsOf(waiter: Waiter | undefined): readonly (readonly [name: string, value: string | number])[] {
  return waiter === undefined ? [] : [['taskToken', waiter.token], ['waitsSince', waiter.since]];
}

/** The condition of writing them. An invocation that was delayed finds that the state waits with a later token, which is the one that wakes it. */
export const NOT_WAITED_FOR_SINCE = 'attribute_not_exists(#waitsSince) OR #waitsSince <= :waitsSince';
