import type { AliasBook } from './alias-book';
import type { Cryptography } from './cryptography/material';
import type { KeyDirectory } from './key-directory';
import type { KeyRing } from './key-ring';
import type { KeyStores } from './key-stores';
import type { KeyUses } from './key-uses';
import type { KmsOptions } from './options';
import type { Switches } from './switches';
import type { Timers } from './timers';

/** What the operations share: the state of one KMS and the ways to reach it. */
export interface Rooms {
  readonly options: KmsOptions;
  readonly switches: Switches;
  readonly timers: Timers;
  readonly cryptography: Cryptography;
  readonly keys: KeyRing;
  readonly aliases: AliasBook;
  readonly keyStores: KeyStores;
  readonly directory: KeyDirectory;
  readonly uses: KeyUses;
}
