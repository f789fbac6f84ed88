import { aliasConditions } from '../../lambdas/domain/alias-conditions';

const policy = (condition: object, more: object = {}) => ({ Statement: [{ Sid: 'S', Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*', Condition: condition, ...more }] });

test.each<[string, object]>([
  ['the literal alias', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/orders' } }],
  ['the alias in a list', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/other', 'alias/orders'] } }],
  ['a pattern without a wildcard', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/orders' } }],
  ['in any case of its key', { 'ForAnyValue:StringEqualsIfExists': { 'KMS:resourcealiases': 'alias/orders' } }],
  ['whatever the case', { 'ForAnyValue:StringEqualsIgnoreCase': { 'kms:ResourceAliases': 'alias/Orders' } }],
  ['all aliases', { 'ForAllValues:StringEquals': { 'kms:ResourceAliases': 'alias/orders' } }],
  ['some versions only', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': ['alias/orders', 'alias/orders/v1', 'alias/orders/v2'] } }],
  ['any one character in place of the last', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/order?' } }],
  ['a wildcard that ends too soon', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/orders', 'alias/orders/v?'] } }],
])('a statement that names %s is found', (_, condition) => {
  expect(aliasConditions(policy(condition), 'alias/orders')).toMatchObject([{ statement: 'S', effect: 'Allow', finding: 'exact' }]);
});

test.each<[string, object]>([
  ['a wildcard behind the alias', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/orders*' } }],
  ['the alias and all its versions', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/orders', 'alias/orders/v*'] } }],
  ['another alias', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/orders-archive' } }],
  ['a dot that is no wildcard', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias.orders' } }],
  ['a plus that stands for itself', { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/orders+' } }],
  ['something else', { StringEquals: { 'kms:RequestAlias': 'alias/orders' } }],
])('a statement that names %s is not', (_, condition) => {
  expect(aliasConditions(policy(condition), 'alias/orders')).toEqual([]);
});

test.each(['StringForAnyValue:Equals', 'StringIfExistsEquals'])('an operator that there is not, %s, is taken for no other', (operator) => {
  expect(aliasConditions(policy({ [operator]: { 'kms:ResourceAliases': 'alias/orders' } }), 'alias/orders')).toMatchObject([{ operator, finding: 'unclear' }]);
});

test('an operator that is not judged is told', () => {
  expect(aliasConditions(policy({ 'ForAllValues:StringNotLike': { 'kms:ResourceAliases': 'alias/x' } }, { Sid: undefined }), 'alias/orders')).toMatchObject([{ statement: 'number 1', finding: 'unclear' }]);
});

test('one statement instead of a list is read, and what is no policy has no findings', () => {
  expect(aliasConditions({ Statement: policy({ StringEquals: { 'kms:ResourceAliases': 'alias/orders' } }).Statement[0] }, 'alias/orders')).toHaveLength(1);
  for (const document of [undefined, null, 'text', {}, { Statement: 'x' }]) expect(aliasConditions(document, 'alias/orders')).toEqual([]);
});
