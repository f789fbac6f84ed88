import { KEY_SPECS, type KeySpec, type KeyUsage } from '../../contract/key-specs';
import { TaskError } from '../../domain/task-error';

/** A spec with one of its usages. */
export interface KeyKind {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
}

/** @throws {TaskError} `UnsupportedKey` when keyturn does not know the spec, or KMS does not have it with this usage. */
export function keyKindOf(spec: string, usage: string): KeyKind {
  if (isSpec(spec)) {
    const usages: readonly KeyUsage[] = KEY_SPECS[spec];
    const known = usages.find((candidate) => candidate === usage);
    if (known !== undefined) return { spec, usage: known };
  }
  throw new TaskError('UnsupportedKey', `There is no key with spec ${spec} and usage ${usage}; lambdas/contract/key-specs.ts lists them all`);
}

function isSpec(spec: string): spec is KeySpec {
  return Object.hasOwn(KEY_SPECS, spec);
}
