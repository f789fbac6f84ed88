import { create, type Store } from 'dynalite/db';
import deleteItem from 'dynalite/actions/deleteItem';
import getItem from 'dynalite/actions/getItem';
import putItem from 'dynalite/actions/putItem';
import query from 'dynalite/actions/query';
import scan from 'dynalite/actions/scan';
import updateItem from 'dynalite/actions/updateItem';
import { checkTypes, checkValidations } from 'dynalite/validations';
import * as deleteItemShape from 'dynalite/validations/deleteItem';
import * as getItemShape from 'dynalite/validations/getItem';
import * as putItemShape from 'dynalite/validations/putItem';
import * as queryShape from 'dynalite/validations/query';
import * as scanShape from 'dynalite/validations/scan';
import * as updateItemShape from 'dynalite/validations/updateItem';
import type { DynaliteError } from '../../../local/dynamodb/validation';
import { TABLE } from './setup';

const OPERATIONS = {
  GetItem: { shape: getItemShape, action: getItem },
  PutItem: { shape: putItemShape, action: putItem },
  UpdateItem: { shape: updateItemShape, action: updateItem },
  DeleteItem: { shape: deleteItemShape, action: deleteItem },
  Query: { shape: queryShape, action: query },
  Scan: { shape: scanShape, action: scan },
};

/** What an implementation makes of a call. */
export type Outcome = { readonly answer: object } | { readonly code: string; readonly message: string };

/** dynalite itself, without a server, with the table of the tests. */
export class Dynalite {
  private constructor(private readonly store: Store) {}

  static async start(): Promise<Dynalite> {
    const store = create();
    await new Promise<void>((resolve, reject) => {
      store.tableDb.put(TABLE.TableName, { ...TABLE, TableStatus: 'ACTIVE' }, (error) => (error ? reject(error) : resolve()));
    });
    return new Dynalite(store);
  }

  async call(operation: keyof typeof OPERATIONS, input: object): Promise<Outcome> {
    const { shape, action } = OPERATIONS[operation];
    try {
      const request = checkTypes(structuredClone({ TableName: TABLE.TableName, ...input }), shape.types);
      checkValidations(request, shape.types, shape.custom, { options: { maxItemSize: 409_600 }, ...this.store });
      const answer = await new Promise<object>((resolve, reject) => {
        action(this.store, request, (error, result) => (error ? reject(error) : resolve(result ?? {})));
      });
      return { answer };
    } catch (error) {
      const { body } = error as Partial<DynaliteError>;
      // Anything else is a crash of dynalite.
      if (body === undefined) throw error;
      return { code: body.__type.split('#')[1] ?? '', message: body.message ?? '' };
    }
  }
}
