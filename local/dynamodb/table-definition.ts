import * as createTableValidation from 'dynalite/validations/createTable';
import { notModelled } from '../kernel/aws-error';
import { SETTING_TYPES } from './table-settings';
import { checkShape, modelledMembers, pickPresent, refuseMessage, type MemberTypes, type Shape } from './validation';

export type KeyType = 'S' | 'N' | 'B';

interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

export interface IndexDefinition {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: { readonly ProjectionType: 'ALL' | 'INCLUDE' | 'KEYS_ONLY'; readonly NonKeyAttributes?: readonly string[] };
}

/** A table as CloudFormation's `AWS::DynamoDB::Table` and the API's `CreateTable` describe it. */
export interface TableDefinition {
  readonly TableName: string;
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: KeyType }[];
  readonly KeySchema: readonly KeySchemaElement[];
  readonly BillingMode: 'PAY_PER_REQUEST';
  readonly GlobalSecondaryIndexes?: readonly IndexDefinition[];
}

export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}
export interface PrimaryKey {
  readonly hash: KeyAttribute;
  readonly range: KeyAttribute | undefined;
}

const CREATE_TABLE: Shape<TableDefinition> = { what: 'DynamoDB CreateTable', types: createTableValidation.types };

/** Properties that change nothing that a caller can see: encryption at rest and storage class. */
const WITHOUT_EFFECT: MemberTypes = { SSESpecification: 'Any', TableClass: 'Any' };

const INDEX_MEMBERS: MemberTypes = { IndexName: 'String', KeySchema: 'List', Projection: 'Struct' };

/** @throws {ValidationException} for a definition that DynamoDB refuses */
export function tableDefinition(properties: unknown): TableDefinition {
  const { what, types } = CREATE_TABLE;
  const members = modelledMembers(what, properties, { ...types, ...SETTING_TYPES, ...WITHOUT_EFFECT });
  if (members['LocalSecondaryIndexes'] !== undefined) throw notModelled('local secondary indexes');
  if (members['ProvisionedThroughput'] !== undefined) throw notModelled('provisioned throughput: use BillingMode PAY_PER_REQUEST');
  const indexes = members['GlobalSecondaryIndexes'];
  if (Array.isArray(indexes)) for (const index of indexes) modelledMembers(`an index of ${what}`, index, INDEX_MEMBERS);
  const definition = checkShape(CREATE_TABLE, pickPresent(members, types));
  refuseMessage(createTableValidation.custom(definition, {}));
  return definition;
}

/** The key of a table, or of one of its indexes, with the types of its attributes. */
export function primaryKey(definition: TableDefinition, schema: readonly KeySchemaElement[] = definition.KeySchema): PrimaryKey {
  const attribute = (keyType: 'HASH' | 'RANGE'): KeyAttribute | undefined => {
    const name = schema.find((element) => element.KeyType === keyType)?.AttributeName;
    const defined = definition.AttributeDefinitions.find((candidate) => candidate.AttributeName === name);
    return defined && { name: defined.AttributeName, type: defined.AttributeType };
  };
  const hash = attribute('HASH');
  if (hash === undefined) throw new TypeError('A key schema without a partition key passed the validation.');
  return { hash, range: attribute('RANGE') };
}
