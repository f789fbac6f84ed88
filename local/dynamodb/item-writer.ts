import { mapPaths } from 'dynalite/db';
import type { Caller } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { areEqualItems, keyText, toPlain, type Item, type PlainItem } from './attribute-value';
import { CapacityMeter, type CapacityRequest } from './consumed-capacity';
import type { Database } from './database';
import type { Checked, KeyedWriteRequest, RequestReader } from './requests';
import { put, remove, update, type WritePlan } from './write-plans';

/** The single-item writes, and the one place where items change. */
export class ItemWriter {
  /** Stored items never change, and what is `after` now is `before` in the next write. */
  private readonly plainItems = new WeakMap<Item, PlainItem>();

  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
    private readonly trace: Trace,
  ) {}

  putItem(input: unknown, caller: Caller): unknown {
    const checked = this.reader.put(input);
    const plan = put(this.database.table(checked.request.TableName), checked).plan();
    this.apply([plan], caller);
    return answer(plan, checked.request, checked.request.ReturnValues === 'ALL_OLD' ? plan.before : undefined);
  }

  deleteItem(input: unknown, caller: Caller): unknown {
    const checked = this.reader.delete(input);
    const plan = remove(this.database.table(checked.request.TableName), checked).plan();
    this.apply([plan], caller);
    return answer(plan, checked.request, checked.request.ReturnValues === 'ALL_OLD' ? plan.before : undefined);
  }

  updateItem(input: unknown, caller: Caller): unknown {
    const checked = this.reader.update(input);
    const plan = update(this.database.table(checked.request.TableName), checked).plan();
    this.apply([plan], caller);
    return answer(plan, checked.request, updatedAttributes(plan, checked));
  }

  /** Makes every plan come true, in order, and records each item that is different now. */
  apply(plans: readonly WritePlan[], { arn: actor, traceId }: Caller, transactionId?: string): void {
    for (const { table, address, before, after } of plans) {
      const item = after ?? before;
      if (item === undefined || areEqualItems(before, after)) continue;
      table.replace(address, after);
      this.trace.emit({
        type: 'dynamodb.item-written',
        actor,
        ...(traceId !== undefined && { traceId }),
        table: table.name,
        pk: keyText(item[table.key.hash.name]),
        sk: table.key.range === undefined ? '' : keyText(item[table.key.range.name]),
        before: this.plain(before),
        after: this.plain(after),
        ...(transactionId !== undefined && { transactionId }),
      });
    }
  }

  private plain(item: Item | undefined): PlainItem | null {
    if (item === undefined) return null;
    const plain = this.plainItems.get(item) ?? toPlain(item);
    this.plainItems.set(item, plain);
    return plain;
  }
}

function updatedAttributes({ before, after }: WritePlan, { request, expressions }: Checked<KeyedWriteRequest>): Item | undefined {
  const paths = expressions.updates?.paths ?? [];
  switch (request.ReturnValues) {
    case 'ALL_OLD':
      return before;
    case 'ALL_NEW':
      return after;
    case 'UPDATED_OLD':
      return before && mapPaths(paths, before);
    case 'UPDATED_NEW':
      return after && mapPaths(paths, after);
    case 'NONE':
    case undefined:
      return undefined;
  }
}

/** DynamoDB leaves `Attributes` out when there are none. */
function answer({ table, before, after }: WritePlan, request: CapacityRequest, attributes: Item | undefined): unknown {
  const meter = new CapacityMeter(request);
  meter.write(table, before, after);
  const hasAttributes = attributes !== undefined && Object.keys(attributes).length > 0;
  return { ...(hasAttributes && { Attributes: attributes }), ...meter.single() };
}
