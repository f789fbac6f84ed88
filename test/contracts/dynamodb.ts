import { CAPACITY_CASES } from './dynamodb-capacity';
import { EXPRESSION_CASES } from './dynamodb-expressions';
import { ITEM_CASES } from './dynamodb-items';
import { fixtureOf, tableOf, type Case, type DynamoDbSubject } from './dynamodb-kit';
import { QUERY_CASES } from './dynamodb-queries';
import { TABLE_CASES } from './dynamodb-tables';
import { TRANSACTION_CASES } from './dynamodb-transactions';

const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  'an item': ITEM_CASES,
  'an expression': EXPRESSION_CASES,
  'a query or scan': QUERY_CASES,
  'a transaction': TRANSACTION_CASES,
  'consumed capacity': CAPACITY_CASES,
  'a table': TABLE_CASES,
};

/** Where an implementation is known not to be like AWS, by `group: case`. Each must still differ: what was mended, goes. */
export interface Differences {
  /** Cases that fail, with what AWS says, and where. */
  readonly failing: Readonly<Record<string, string>>;
  /** Refusals of the right name in other words. AWS documents names only; most words of the cases are those of dynalite. */
  readonly otherWords: readonly string[];
}

/**
 * What every implementation of DynamoDB does, seen through AWS's own client over HTTP.
 * @param differences @default none
 */
export function dynamoDbContract(name: string, start: () => Promise<DynamoDbSubject>, { failing, otherWords }: Differences = { failing: {}, otherWords: [] }): void {
  describe(`${name} keeps the contract of DynamoDB:`, () => {
    let subject: DynamoDbSubject;
    let tables = 0;

    beforeAll(async () => {
      subject = await start();
    });
    afterAll(() => subject.stop());

    for (const [group, cases] of Object.entries(GROUPS)) {
      describe(group, () => {
        for (const [title, body] of cases) {
          const run = async (): Promise<void> => {
            const TableName = `table-${String(++tables)}`;
            await subject.db.createTable(tableOf(TableName));
            await body(fixtureOf(subject.db, TableName, otherWords.includes(`${group}: ${title}`)));
          };
          if (`${group}: ${title}` in failing) test.failing(title, run);
          else test(title, run);
        }
      });
    }

    test('differences name cases that there are', () => {
      const titles = Object.entries(GROUPS).flatMap(([group, cases]) => cases.map(([title]) => `${group}: ${title}`));
      expect(new Set(titles).size).toBe(titles.length);
      expect(titles).toEqual(expect.arrayContaining([...Object.keys(failing), ...otherWords]));
    });
  });
}
