import type { Rule } from '../rule';
import { alertsPublished } from './alerts-published';
import { aliasFollowsActive } from './alias-follows-active';
import { aliasNeverReturns } from './alias-never-returns';
import { approvedSteps } from './approved-steps';
import { compromisedVersion } from './compromised-version';
import { consumersUnharmed } from './consumers-unharmed';
import { deadlinesNeverRestart } from './deadlines-never-restart';
import { keysRotateInTime } from './keys-rotate-in-time';
import { knownEndings } from './known-endings';
import { ledgerComplete } from './ledger-complete';
import { lateUsersAreRescued } from './late-users-are-rescued';
import { madeKeysAreKnown } from './made-keys-are-known';
import { mutationBudget } from './mutation-budget';
import { oldKeysAreRetired } from './old-keys-are-retired';
import { oneActiveVersion } from './one-active-version';
import { oneAdoptedVersion } from './one-adopted-version';
import { oneKeyPerWindow } from './one-key-per-window';
import { oneMadeKey } from './one-made-key';
import { oneOwner } from './one-owner';
import { othersChangesAreTold } from './others-changes-are-told';
import { orphansAreApproved } from './orphans-are-approved';
import { promisedDrains } from './promised-drains';
import { promisedKeysWork } from './promised-keys-work';
import { provedBeforePromotion } from './proved-before-promotion';
import { rescues } from './rescues';
import { retirementDeadlines } from './retirement-deadlines';
import { retirementEvidence } from './retirement-evidence';
import { revocationAuthority } from './revocation-authority';
import { statusesAndFences } from './statuses-and-fences';
import { usedKeysAreKept } from './used-keys-are-kept';
import { windowsAreRotated } from './windows-are-rotated';

/** In the order of the design's section 7. */
export const RULES: readonly Rule[] = [
  oneAdoptedVersion,
  oneKeyPerWindow,
  oneMadeKey,
  madeKeysAreKnown,
  oneActiveVersion,
  provedBeforePromotion,
  aliasFollowsActive,
  aliasNeverReturns,
  retirementDeadlines,
  retirementEvidence,
  promisedDrains,
  usedKeysAreKept,
  consumersUnharmed,
  promisedKeysWork,
  revocationAuthority,
  approvedSteps,
  orphansAreApproved,
  compromisedVersion,
  rescues,
  lateUsersAreRescued,
  statusesAndFences,
  oneOwner,
  deadlinesNeverRestart,
  ledgerComplete,
  knownEndings,
  alertsPublished,
  othersChangesAreTold,
  mutationBudget,
  keysRotateInTime,
  windowsAreRotated,
  oldKeysAreRetired,
];
