import type { KeyMaterial } from './cryptography/material';
import type { KmsKey } from './key';

type Ability = Exclude<keyof KeyMaterial, 'publicKey'>;

/** What a key's current material can do; its usage was checked before, so that the material has it. */
export function ability<Name extends Ability>(key: KmsKey, name: Name): NonNullable<KeyMaterial[Name]> {
  return abilityOf(key.materials.open().material, name);
}

/** What one material can do. @throws {Error} when its spec has no such ability. */
export function abilityOf<Name extends Ability>(material: KeyMaterial, name: Name): NonNullable<KeyMaterial[Name]> {
  const found = material[name];
  if (found === undefined) throw new Error(`This cryptography has no ${name}`);
  return found;
}
