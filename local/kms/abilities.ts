import type { KeyMaterial } from './cryptography/material';
import type { KmsKey } from './key';

type Ability = Exclude<keyof KeyMaterial, 'publicKey'>;

/** What a key's material can do; its usage was checked before, so that the material has it. */
export function ability<Name extends Ability>(key: KmsKey, name: Name): NonNullable<KeyMaterial[Name]> {
  const found = key.material()[name];
  if (found === undefined) throw new Error(`The cryptography of ${key.spec} has no ${name}`);
  return found;
}
