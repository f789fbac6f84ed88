import { aliasHijacked } from './alias-hijacked';
import { crashAfterCreate } from './crash-after-create';
import { dependentSilent } from './dependent-silent';
import { emergency } from './emergency';
import { emergencyDuringDrain } from './emergency-during-drain';
import { holdBeforeRevoke } from './hold-before-revoke';
import { keyDisabledBySomeone } from './key-disabled-by-someone';
import { lateUserRescued } from './late-user-rescued';
import { operatorAbort } from './operator-abort';
import type { Scenario } from './scenario';
import { snsDown } from './sns-down';
import { storeDisconnected } from './store-disconnected';
import { tableRestored } from './table-restored';
import { throttled } from './throttled';
import { twoApprovers } from './two-approvers';

/** In the order in which they are listed. The year without trouble, `happy`, is apart. */
export const SCENARIOS: readonly Scenario[] = [
  throttled,
  crashAfterCreate,
  dependentSilent,
  aliasHijacked,
  keyDisabledBySomeone,
  storeDisconnected,
  operatorAbort,
  emergency,
  emergencyDuringDrain,
  holdBeforeRevoke,
  lateUserRescued,
  tableRestored,
  twoApprovers,
  snsDown,
];
