import { CONSENT } from './consent';
import { CREATION } from './creation';
import { OWNERSHIP } from './ownership';
import type { Plant } from './plant';
import { PROMOTION } from './promotion';
import { RECORDS } from './records';
import { RETIREMENT } from './retirement';
import { WATCHING } from './watching';

export type { Plant } from './plant';

/** Every planted bug. The default faults find each, unless it names its own. */
export const PLANTS: readonly Plant[] = [...OWNERSHIP, ...CREATION, ...PROMOTION, ...RETIREMENT, ...CONSENT, ...RECORDS, ...WATCHING];
