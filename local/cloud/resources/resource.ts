import { createHash } from 'node:crypto';
import { isRecord } from '../../wire/protocol';
import type { Assembly } from '../assembly';
import type { CustomResources } from '../custom-resources';
import type { CloudServices } from '../services';

/** Where a resource is made. */
export interface Site {
  readonly services: CloudServices;
  readonly assembly: Pick<Assembly, 'bundle'>;
  readonly customResources: CustomResources;
  readonly stackName: string;
  readonly stackId: string;
  readonly endpoint: string;
}

/** One resource of the template with its intrinsic functions resolved. */
export interface Declared {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Properties;
}

/** What was made of it. */
export interface Made {
  /** What `Ref` yields. */
  readonly ref: string;
  /** What `Fn::GetAtt` yields. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** How resources of one type are made. */
export interface ResourceType {
  /** Properties that count, and those that change nothing that the local cloud shows. Any other is refused by name. */
  readonly properties: readonly string[] | 'any';
  /** Creates it, or changes the one that `previous` made. */
  put(declared: Declared, site: Site, previous?: { readonly made: Made; readonly properties: Properties }): Made | Promise<Made>;
  /** Removes it. @default types that lack it cannot be removed */
  remove?(declared: Declared, made: Made, site: Site): void | Promise<void>;
}

/** Reads properties, saying which one is wrong. */
export class Properties {
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    private readonly owner: string,
  ) {}

  /** @throws {Error} when it is missing. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw new Error(`${this.owner} needs ${name}`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new Error(`${this.owner}: ${name} is no text`);
  }

  number(name: string, otherwise: number): number {
    const value = Number(this.values[name] ?? otherwise);
    if (!Number.isFinite(value)) throw new Error(`${this.owner}: ${name} is no number`);
    return value;
  }

  list(name: string): readonly unknown[] {
    const value = this.values[name] ?? [];
    if (!Array.isArray(value)) throw new Error(`${this.owner}: ${name} is no list`);
    return value as unknown[];
  }

  /** A structure; an absent one is empty. */
  structure(name: string): Properties {
    const value = this.values[name] ?? {};
    if (!isRecord(value)) throw new Error(`${this.owner}: ${name} is no structure`);
    return new Properties(value, `${this.owner} ${name}`);
  }

  structures(name: string): readonly Properties[] {
    return this.list(name).map((entry, index) => {
      if (!isRecord(entry)) throw new Error(`${this.owner}: ${name}[${String(index)}] is no structure`);
      return new Properties(entry, `${this.owner} ${name}[${String(index)}]`);
    });
  }
}

/** A physical name as CloudFormation makes one: stack, logical id, and 12 characters that are a function of both. */
export function physicalName({ stackName }: Pick<Site, 'stackName'>, { logicalId }: Pick<Declared, 'logicalId'>, maxLength = 64): string {
  const suffix = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 12).toUpperCase();
  return `${`${stackName}-${logicalId}`.slice(0, maxLength - 13)}-${suffix}`;
}

export function arnIn({ services: { region, accountId } }: Site, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}
