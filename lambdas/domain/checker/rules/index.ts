import type { Rule } from '../rule';
import { aliasFollowsActive } from './alias-follows-active';
import { alertsPublished } from './alerts-published';
import { approvedSteps } from './approved-steps';
import { consumersUnharmed } from './consumers-unharmed';
import { keysRotateInTime } from './keys-rotate-in-time';
import { knownEndings } from './known-endings';
import { ledgerComplete } from './ledger-complete';
import { mutationBudget } from './mutation-budget';
import { oneActiveVersion } from './one-active-version';
import { oneAdoptedVersion } from './one-adopted-version';
import { oneOwner } from './one-owner';
import { deadlinesNeverRestart } from './deadlines-never-restart';
import { retirementDeadlines } from './retirement-deadlines';
import { retirementEvidence } from './retirement-evidence';
import { rescues } from './rescues';
import { revocationAuthority } from './revocation-authority';
import { statusesAndFences } from './statuses-and-fences';

/** In the order of the design's section 7. */
export const RULES: readonly Rule[] = [
  oneAdoptedVersion,
  oneActiveVersion,
  aliasFollowsActive,
  retirementDeadlines,
  retirementEvidence,
  consumersUnharmed,
  revocationAuthority,
  approvedSteps,
  rescues,
  statusesAndFences,
  oneOwner,
  deadlinesNeverRestart,
  ledgerComplete,
  knownEndings,
  alertsPublished,
  mutationBudget,
  keysRotateInTime,
];
