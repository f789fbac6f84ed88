import type { Explained } from './judge';
import { FOR_THE_TYPE } from './reasons';

const HAS_KEYS = `${FOR_THE_TYPE}every item and every index entry has its keys`;

/** Changes of one line of an adapter for one reason. */
const inLine = (file: string, code: string, why: string, changes: readonly (string | Pick<Explained, 'change' | 'count'>)[]): readonly Explained[] =>
  changes.map((change) => ({ file: `lambdas/adapters/dynamodb/${file}.ts`, code, ...(typeof change === 'string' ? { change } : change), verdict: 'equivalent', why }));

const UPDATE = "return [this.sets.length > 0 ? `SET ${this.sets.join(', ')}` : '', this.removes.length > 0 ? `REMOVE ${this.removes.join(', ')}` : ''].filter(Boolean).join(' ');";
const FAILED_LATER = "if (!failed(META_PART) && reasons.some((reason, part) => part > FREEZE_PART && reason.Code === 'ConditionalCheckFailed')) {";

export const DYNAMODB: readonly Explained[] = [
  ...inLine('dynamodb-registry', "return this.decideAndWrite(name, existing(name, decide), 'stands');", 'only `none` and `lifted` are told apart from the rest', [`'stands' => ""`]),
  ...inLine('dynamodb-registry', "return [...new Set(items.map((item) => (item['pk']?.S ?? '').slice(alertPartition('').length)))];", HAS_KEYS, [`'' => "Stryker was here!"`, "item['pk']?.S => item['pk'].S"]),
  ...inLine('dynamodb-registry', "return (await this.get(kmsKeyOwnerKey(kmsKeyId)))?.['key']?.S;", `${FOR_THE_TYPE}every owner names the managed key`, [
    "(await this.get(kmsKeyOwnerKey(kmsKeyId)))?.['key']?.S => (await this.get(kmsKeyOwnerKey(kmsKeyId)))?.['key'].S",
  ]),
  ...inLine('dynamodb-registry', "ExpressionAttributeValues: { ':pk': { S: keyPartition(name) }, ':from': ledgerKey(name, afterSeq + 1)['sk'] ?? { S: '' }, ':to': { S: 'LEDGER#~' } },", HAS_KEYS, [
    "{ S: '' } => {}",
    `'' => "Stryker was here!"`,
  ]),
  ...inLine('dynamodb-registry', "let last: Written = 'moved';", 'it is set before it is read', [`'moved' => ""`]),
  ...inLine('dynamodb-registry', 'const reasons = error.CancellationReasons ?? [];', 'a text has neither a code nor an item: a part that did not fail', ['[] => ["Stryker was here"]']),
  ...inLine('dynamodb-registry', FAILED_LATER, 'a failed condition of the ledger or of the freeze was refused before', ['part > FREEZE_PART => true', 'part > FREEZE_PART => part >= FREEZE_PART']),
  ...inLine('dynamodb-registry', "return 'moved';", 'only `written` and `unknown` are told apart from the rest', [`'moved' => ""`]),
  ...inLine('dynamodb-registry', "throw readErrorOf(error, `read ${key['pk']?.S ?? ''}/${key['sk']?.S ?? ''}`);", HAS_KEYS, [
    { change: `'' => "Stryker was here!"`, count: 2 },
    "key['pk']?.S => key['pk'].S",
    "key['sk']?.S => key['sk'].S",
  ]),
  ...inLine('dynamodb-registry', "return items.map((item) => (item['pk']?.S ?? '').slice(prefix));", HAS_KEYS, [`'' => "Stryker was here!"`, "item['pk']?.S => item['pk'].S"]),
  ...inLine('errors', "return status !== undefined && status >= 400 && status < 500 && status !== 408 ? 'no-effect' : 'unknown';", `${FOR_THE_TYPE}no comparison with undefined is true`, ['status !== undefined => true']),
  ...inLine('errors', "return status !== undefined && status >= 400 && status < 500 && status !== 408 ? 'no-effect' : 'unknown';", 'only `unknown` is told apart', [`'no-effect' => ""`]),
  ...inLine('errors', 'if (error instanceof TaskError) return error;', 'no call of DynamoDB, and nothing that reads its answer there, throws one', ['error instanceof TaskError => false']),
  ...inLine('errors', "const name = error instanceof Error ? error.name : '';", 'neither is a name that is looked for', [`'' => "Stryker was here!"`]),
  ...inLine('items', "export function transitionItems(table: string, { before, after, event }: SealedTransition, freeze: FreezePart = 'none'): TransactWriteItem[] {", 'its one caller always says it', [`'none' => ""`]),
  ...inLine('items', "const item = { ...toItem({ key: name, version: version.number }), ...kmsKeyOwnerKey(version.kmsKeyId ?? '') };", `${FOR_THE_TYPE}only versions with a KMS key come here`, [`'' => "Stryker was here!"`]),
  ...inLine('items', 'const statuses = from.filter((status) => status !== null);', 'no version has the status null: to look for it, too, finds no more', ['from.filter((status) => status !== null) => from', 'status !== null => true']),
  ...inLine('items', UPDATE, 'every transition sets the sequence', ['this.sets.length > 0 => true', 'this.sets.length > 0 => this.sets.length >= 0', `'' => "Stryker was here!"`]),
  { file: 'lambdas/adapters/dynamodb/items.ts', code: UPDATE, kind: 'MethodExpression', verdict: 'equivalent', why: 'the expression ends with a space then, which DynamoDB passes over' },
];
