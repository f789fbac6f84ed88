import { dynamoDbContract, type Differences } from './dynamodb';
import { dynoxidePath, startDynoxide } from './dynamodb-dynoxide';

const GUIDE = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide';
const REFERENCE = 'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference';
const TIME_TO_LIVE = `It can take an hour, in which further calls result in a ValidationException; so does enabling what is enabled. ${REFERENCE}/API_UpdateTimeToLive.html`;
const UNUSED = `Placeholders are declared for expressions that use them; AWS checks all of an expression's before it reads the item. ${GUIDE}/Expressions.ExpressionAttributeNames.html`;
const START_KEY = `A start key is the key at which the operation ended earlier: one outside the queried range cannot be that. ${REFERENCE}/API_Query.html`;
const NO_OPERATION = 'dynoxide has no such operation: UnknownOperationException';

/** Where dynoxide 1.2.1 differs, and what speaks for the case: AWS's documentation, unless it says otherwise. */
const DIFFERENCES: Differences = {
  failing: {
    'an expression: refuses an unused value': UNUSED,
    'an expression: refuses an unused name': UNUSED,
    'an expression: refuses to compare an attribute with itself': 'dynalite, which was tried against AWS, refuses it when it reads the expression; not documented.',
    'an expression: refuses a type that is none': `The types are those that are listed. ${GUIDE}/Expressions.OperatorsAndFunctions.html`,
    'an expression: SET l[9] = :new, l[7] = :one': `"If you add multiple elements in a single SET operation, the elements are sorted in order by element number"; nothing is put between. ${GUIDE}/Expressions.UpdateExpressions.html`,
    'an expression: REMOVE l[0], l[1], absent, m.absent': `Positions mean the list as it was, as in the guide's example that removes two elements of a list. ${GUIDE}/Expressions.UpdateExpressions.html`,
    'an expression: refuses REMOVE s[0]': 'The path leads into a text. dynalite, which was tried against AWS, refuses it; not documented.',
    'a query or scan: refuses a start outside the range': START_KEY,
    'a query or scan: refuses a start in another partition': START_KEY,
    'a query or scan: refuses a key value of the wrong type': `The value has the type of the key attribute. ${GUIDE}/Query.KeyConditionExpressions.html`,
    'a query or scan: refuses an empty key value': `A key value has at least one byte. ${GUIDE}/Constraints.html`,
    'a query or scan: refuses an attribute that an index lacks': `"If you query or scan a global secondary index, you can only request attributes that are projected into the index." ${REFERENCE}/API_Query.html`,
    'a transaction: reads several items at once, in the order of the request': `ProjectionExpression: "If any of the requested attributes are not found, they do not appear in the result"; keys are not added. ${REFERENCE}/API_Get.html`,
    'a transaction: refuses a part with two actions': `A TransactWriteItem is one of the four. ${REFERENCE}/API_TransactWriteItem.html`,
    'a transaction: refuses an expression that does not parse': `What cancels a transaction are conditions, conflicts, capacity and sizes of items; whether a syntax error does too is not documented. ${REFERENCE}/API_TransactWriteItems.html`,
    'a transaction: is cancelled by an operand that does not fit the item': 'The same reason in other words.',
    'a table: refuses to switch time to live on twice': TIME_TO_LIVE,
    'a table: refuses to switch time to live off twice': TIME_TO_LIVE,
    'a table: refuses to change time to live twice within an hour': TIME_TO_LIVE,
    'a table: tells of point-in-time recovery': NO_OPERATION,
    'a table: refuses the backups of a table that does not exist': NO_OPERATION,
    'a table: tells the quotas of a new account': NO_OPERATION,
  },
  otherWords: [
    // "1 validation error detected: " before the words. AWS is reported to have said an empty set both ways.
    'an item: refuses ReturnValues that a put has not',
    'an item: refuses an empty set',
    'an item: refuses a set with duplicates',
    'an item: refuses a number set with duplicates that are written differently',
    'an item: refuses NULL that is false',
    'an expression: refuses ADD n :list',
    'an expression: refuses DELETE n :one',
    'an expression: refuses SET n = nope(:one)',
    'an expression: refuses SET n = :one SET s = :new',
    'an expression: refuses SET m = :map, m.fence = :one',
    // Words of its own.
    'an item: refuses a batch whose item lacks its key',
    'an item: refuses a batch without requests',
    'an expression: refuses an undefined value',
    'an expression: refuses an undefined name',
    'an expression: refuses SET n = s + :one',
    'an expression: refuses SET l = list_append(s, :list)',
    'an expression: refuses SET m.fence = :one, m[0] = :one',
    'an expression: refuses operands that are too many',
    'an expression: refuses size that is compared with nothing',
    'an expression: refuses a syntax error',
    'a query or scan: refuses a limit of nothing',
    'a query or scan: refuses two conditions on a key',
    'a query or scan: refuses OR between key conditions',
    'a query or scan: refuses a start that is no key',
    'a query or scan: refuses a partition key that is not equal',
    'a query or scan: refuses an operator that has no range',
    'a query or scan: refuses more than a million segments',
    'a transaction: refuses a part without an action',
    'a table: refuses a name of two letters',
  ],
};

const dynoxide = dynoxidePath();

if ('program' in dynoxide) dynamoDbContract('dynoxide', () => startDynoxide(dynoxide.program), DIFFERENCES);
else test(dynoxide.absent, () => expect(`${process.platform}-${process.arch}`).not.toBe('linux-x64'));
