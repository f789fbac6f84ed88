import type { AreaName } from './areas';
import type { Explained } from './judge';

/** The changes that no test notices, each with the reason. A run fails for one that is not here, and for one here that is noticed or gone. */
export const EXPLAINED: Readonly<Record<AreaName, readonly Explained[]>> = {
  guards: [],
  domain: [],
  checker: [],
  tasks: [],
  adapters: [],
  asl: [],
};
