import { mapPath } from 'dynalite/db';
import { validateAttributeValue } from 'dynalite/validations';
import { elementsOf, typeOf, type AttributeType, type AttributeValue, type Item } from './attribute-value';
import { addDecimals } from './decimal';
import { isPath, type Path, type SetValue, type UpdateSection } from './expressions';
import { refuseMessage, validationError } from './validation';

/** What holds a value at the end of a path: the attributes of an item or map, or a list. */
type Container = Record<string, AttributeValue> | AttributeValue[];

const WRONG_TYPE = 'An operand in the update expression has an incorrect data type';
const NO_SUCH_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item';
const WRONG_PATH = 'The document path provided in the update expression is invalid for update';

/**
 * The item after a parsed update. Every operand is read from the item as it was; list positions too mean the
 * list as it was, so elements that are removed leave a gap which closes only at the end.
 * @throws {ValidationException} when an operand or a path does not fit the item
 */
export function updated(item: Item, sections: readonly UpdateSection[]): Item {
  const draft = new Draft(item);
  for (const section of sections) {
    const existing = mapPath(section.path, item) ?? undefined;
    switch (section.type) {
      case 'set':
        draft.replace(section.path, evaluate(section.val, item));
        break;
      case 'remove':
        draft.replace(section.path, undefined);
        break;
      case 'add':
        draft.replace(section.path, sum(existing, section.val));
        break;
      case 'delete':
        draft.replace(section.path, difference(existing, section.val));
        break;
    }
  }
  return draft.finish();
}

/** A copy of an item that copies only the maps and lists on changed paths. */
class Draft {
  private readonly root: Record<string, AttributeValue>;
  private readonly owned = new Set<Container>();

  constructor(item: Item) {
    this.root = { ...item };
  }

  /** @param value `undefined` removes what is there */
  replace(path: Path, value: AttributeValue | undefined): void {
    const [container, last] = this.endOf(path);
    write(container, last, value);
  }

  finish(): Item {
    // Gaps come from removed elements, and from elements that were set beyond the end: DynamoDB appends those.
    for (const container of this.owned) {
      if (!Array.isArray(container)) continue;
      const elements = container.filter(() => true);
      container.splice(0, container.length, ...elements);
    }
    return this.root;
  }

  /** The own copy of the map or list that holds the last piece of a path. */
  private endOf(path: Path): readonly [Container, string | number] {
    let container: Container = this.root;
    for (const piece of path.slice(0, -1)) {
      container = this.enter(container, piece);
    }
    const last = path.at(-1);
    if (last === undefined) throw validationError(WRONG_PATH);
    return [container, last];
  }

  private enter(container: Container, piece: string | number): Container {
    const value = read(container, piece);
    const inner = value?.M ?? value?.L;
    if (inner === undefined) throw validationError(WRONG_PATH);
    if (this.owned.has(inner as Container)) return inner as Container;
    const copy: Container = Array.isArray(inner) ? [...(inner as readonly AttributeValue[])] : { ...(inner as Item) };
    const wrapped: AttributeValue = Array.isArray(copy) ? { L: copy } : { M: copy };
    write(container, piece, wrapped);
    this.owned.add(copy);
    return copy;
  }
}

function read(container: Container, piece: string | number): AttributeValue | undefined {
  if (Array.isArray(container)) return typeof piece === 'number' ? container[piece] : undefined;
  return typeof piece === 'string' ? container[piece] : undefined;
}

function write(container: Container, piece: string | number, value: AttributeValue | undefined): void {
  if (Array.isArray(container) && typeof piece === 'number') {
    if (value === undefined) delete container[piece];
    else container[piece] = value;
  } else if (!Array.isArray(container) && typeof piece === 'string') {
    if (value === undefined) delete container[piece];
    else container[piece] = value;
  } else {
    throw validationError(WRONG_PATH);
  }
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
function difference(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  const [type, present] = elementsOfSameType(existing, value);
  const left = present.filter((element) => elementsOf(value)?.includes(element) !== true);
  return left.length === 0 ? undefined : { [type]: left };
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
