import type { KeyReading } from '../lambdas/ports/registry';
import { coloured } from './output';

/** Why everything about a key stands still until a person acts, if it does. */
export function standStillOf({ key, freeze }: Pick<KeyReading, 'key' | 'freeze'>): readonly string[] {
  return [
    ...(freeze === null ? [] : [coloured('red', `FROZEN since ${freeze.at}: ${freeze.reason}`)]),
    ...(key.quarantine === null ? [] : [coloured('red', `QUARANTINED since ${key.quarantine.at}: ${key.quarantine.reason}`)]),
  ];
}
