import { crashAfterCreate } from './crash-after-create';
import type { Scenario } from './scenario';

export const SCENARIOS: readonly Scenario[] = [crashAfterCreate];
