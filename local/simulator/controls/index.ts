import { cron } from './cron';
import type { Design, DesignName } from './design';
import { keyturn } from './keyturn';
import { leaseLock } from './lease-lock';

/** What can be simulated and compared, by name. */
export const DESIGNS: Readonly<Record<DesignName, Design>> = { keyturn, cron, 'lease-lock': leaseLock };

export { DESIGN_NAMES, type Design, type DesignName, type Rotator } from './design';
