import { live, LIVES, type Lived, type Point } from '../simulator/run/crash-life';
import { serve } from './pool';
import type { Wire } from './settings';

/** One life to live: which one, and what befalls it. */
export interface LifeTask {
  readonly life: number;
  readonly points: readonly Point[];
  /** Whether it will be compared with other lives. */
  readonly isCompared: boolean;
}

serve((wire: Wire, { life: index, points, isCompared }: LifeTask): Promise<Lived> => {
  const life = LIVES[index];
  if (life === undefined) throw new Error(`there is no life ${index}`);
  return live(life, points, { wire }, isCompared);
});
