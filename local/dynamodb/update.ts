import { mapPath } from 'dynalite/db';
import { validateAttributeValue } from 'dynalite/validations';
import { elementsOf, typeOf, type AttributeType, type AttributeValue, type Item } from './attribute-value';
import { addDecimals } from './decimal';
import { isPath, type Path, type SetValue, type UpdateSection } from './expressions';
import { refuseMessage, validationError } from './validation';

/** What becomes of the value at a path, or of values inside it. */
interface Edit {
  readonly inside: Map<string | number, Edit>;
  /** The new value; `null` removes. */
  result?: AttributeValue | null;
}

const WRONG_TYPE = 'An operand in the update expression has an incorrect data type';
const NO_SUCH_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item';
const WRONG_PATH = 'The document path provided in the update expression is invalid for update';

/**
 * The item after a parsed update. Every operand is read from the item as it was; list positions too mean the list as
 * it was.
 * @throws {ValidationException} when an operand or a path does not fit the item
 */
export function updated(item: Item, sections: readonly UpdateSection[]): Item {
  const edit: Edit = { inside: new Map() };
  for (const section of sections) editAt(edit, section.path).result = resultOf(section, item);
  return editedMap(item, edit);
}

function resultOf(section: UpdateSection, item: Item): AttributeValue | null {
  const existing = mapPath(section.path, item) ?? undefined;
  switch (section.type) {
    case 'set':
      return evaluate(section.val, item);
    case 'remove':
      return null;
    case 'add':
      return sum(existing, section.val);
    case 'delete':
      return difference(existing, section.val);
  }
}

function editAt(root: Edit, path: Path): Edit {
  let edit = root;
  for (const piece of path) {
    const inside = edit.inside.get(piece) ?? { inside: new Map() };
    edit.inside.set(piece, inside);
    edit = inside;
  }
  return edit;
}

function edited(value: AttributeValue | undefined, edit: Edit): AttributeValue | null {
  if (edit.result !== undefined) return edit.result;
  if (value?.M !== undefined) return { M: editedMap(value.M, edit) };
  if (value?.L !== undefined) return { L: editedList(value.L, edit) };
  throw validationError(WRONG_PATH);
}

function editedMap(map: Item, { inside }: Edit): Item {
  const members = new Map(Object.entries(map));
  for (const [name, edit] of inside) {
    if (typeof name !== 'string') throw validationError(WRONG_PATH);
    const value = edited(members.get(name), edit);
    if (value === null) members.delete(name);
    else members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** Elements that are set beyond the end are appended, in the order of their positions. */
function editedList(list: readonly AttributeValue[], { inside }: Edit): readonly AttributeValue[] {
  const elements = new Map(list.entries());
  for (const [position, edit] of inside) {
    if (typeof position !== 'number') throw validationError(WRONG_PATH);
    const value = edited(elements.get(position), edit);
    if (value === null) elements.delete(position);
    else elements.set(position, value);
  }
  return [...elements].sort(([left], [right]) => left - right).map(([, value]) => value);
}

function evaluate(value: SetValue, item: Item): AttributeValue {
  if (isPath(value)) {
    const found = mapPath(value, item);
    if (!found) throw validationError(NO_SUCH_ATTRIBUTE);
    return found;
  }
  if (!isOperation(value)) return value;
  if (value.type === 'function') {
    if (value.name === 'if_not_exists') return mapPath(value.args[0], item) ?? evaluate(value.args[1], item);
    const [front, back] = [evaluate(value.args[0], item).L, evaluate(value.args[1], item).L];
    if (front === undefined || back === undefined) throw validationError(WRONG_TYPE);
    return { L: [...front, ...back] };
  }
  return added(evaluate(value.args[0], item), evaluate(value.args[1], item), value.type === 'add' ? 1 : -1);
}

function isOperation(value: Exclude<SetValue, Path>): value is Exclude<SetValue, Path | AttributeValue> {
  return 'type' in value;
}

/** ADD: a number to a number, elements to a set; what is missing counts as 0 or the empty set. */
function sum(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (value.N !== undefined) return added(existing ?? { N: '0' }, value, 1);
  const [type, present] = elementsOfSameType(existing, value);
  return { [type]: [...present, ...(elementsOf(value) ?? []).filter((element) => !present.includes(element))] };
}

/** DELETE: a set without some elements; the empty set is no value. */
function difference(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue | null {
  const [type, present] = elementsOfSameType(existing, value);
  const left = present.filter((element) => elementsOf(value)?.includes(element) !== true);
  return left.length === 0 ? null : { [type]: left };
}

function elementsOfSameType(existing: AttributeValue | undefined, value: AttributeValue): readonly [AttributeType, readonly string[]] {
  const type = typeOf(value);
  if (existing !== undefined && typeOf(existing) !== type) throw validationError(WRONG_TYPE);
  return [type, existing === undefined ? [] : (elementsOf(existing) ?? [])];
}

/** @throws {ValidationException} when an operand is no number, or the result has too many digits for one */
function added(left: AttributeValue, right: AttributeValue, sign: 1 | -1): AttributeValue {
  if (left.N === undefined || right.N === undefined) throw validationError(WRONG_TYPE);
  const result = { N: addDecimals(left.N, right.N, sign) };
  refuseMessage(validateAttributeValue(result));
  return result;
}
