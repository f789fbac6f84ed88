import type { Json } from '../../lambdas/domain/trace';

/**
 * What can be saved while nothing runs and nothing is due, and loaded into a fresh account.
 *
 * Timers are not saved: whoever sets one can tell from its own state when it is due, and sets it anew.
 */
export interface Stateful {
  /** JSON only: blobs as base64 text, time stamps as ms since the epoch. */
  save(): Json;
  /** Called once, on a fresh instance, with the clock already at the time of saving. */
  load(saved: Json): void;
}
