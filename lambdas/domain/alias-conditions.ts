/**
 * Policies that find keys by their alias (`kms:ResourceAliases`). At a promotion the alias leaves the old key at once and counts for the new one up to 5
 * minutes later; in between only the version alias matches (`alias/orders/v3`). A condition on the exact alias takes permissions away that consumers need.
 */
export interface AliasCondition {
  /** Sid of the statement, or its place. */
  readonly statement: string;
  readonly effect: string;
  readonly operator: string;
  readonly values: readonly string[];
  /** `exact`: it matches the alias, and not the version aliases. `unclear`: an operator that is not judged here. */
  readonly finding: 'exact' | 'unclear';
}

const CONDITION_KEY = 'kms:resourcealiases';

/** Version aliases of any number must match, not those of some. */
const SAMPLES = [1, 27];

/** @param document a policy as IAM or KMS hold it; what is no policy has no findings */
export function aliasConditions(document: unknown, alias: string): readonly AliasCondition[] {
  return listOf(membersOf(document)['Statement']).flatMap((statement, index) => {
    const { Sid: sid, Effect: effect, Condition: condition } = membersOf(statement);
    return Object.entries(membersOf(condition)).flatMap(([operator, operands]) =>
      Object.entries(membersOf(operands)).flatMap(([name, value]): AliasCondition[] => {
        if (name.toLowerCase() !== CONDITION_KEY) return [];
        const values = listOf(value).map(String);
        const finding = findingOf(operator, values, alias);
        return finding === undefined ? [] : [{ statement: typeof sid === 'string' ? sid : `number ${index + 1}`, effect: String(effect), operator, values, finding }];
      }),
    );
  });
}

function findingOf(operator: string, values: readonly string[], alias: string): AliasCondition['finding'] | undefined {
  const matches = MATCHES[operator.replace(/^(ForAnyValue|ForAllValues):/i, '').replace(/IfExists$/i, '').toLowerCase()];
  if (matches === undefined) return 'unclear';
  const isMatched = (name: string): boolean => values.some((value) => matches(name, value));
  if (!isMatched(alias)) return undefined;
  return SAMPLES.every((number) => isMatched(`${alias}/v${number}`)) ? undefined : 'exact';
}

const MATCHES: Readonly<Record<string, (name: string, value: string) => boolean>> = {
  stringequals: (name, value) => name === value,
  stringequalsignorecase: (name, value) => name.toLowerCase() === value.toLowerCase(),
  stringlike: (name, value) => new RegExp(`^${value.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name),
};

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
