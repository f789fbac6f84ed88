import type { FunctionName } from '../../lambdas/contract/functions';
import { create as abortSafely } from '../../lambdas/handlers/abort-safely';
import { create as acknowledge } from '../../lambdas/handlers/acknowledge';
import { create as applyRepair } from '../../lambdas/handlers/apply-repair';
import { create as beginRepair } from '../../lambdas/handlers/begin-repair';
import { create as checkBake } from '../../lambdas/handlers/check-bake';
import { create as checkDrain } from '../../lambdas/handlers/check-drain';
import { create as claimRotation } from '../../lambdas/handlers/claim-rotation';
import { create as classifyFailure } from '../../lambdas/handlers/classify-failure';
import { create as confirmPromotion } from '../../lambdas/handlers/confirm-promotion';
import { create as confirmRepair } from '../../lambdas/handlers/confirm-repair';
import { create as createKeyVersion } from '../../lambdas/handlers/create-key-version';
import { create as decide } from '../../lambdas/handlers/decide';
import { create as disablePreviousVersion } from '../../lambdas/handlers/disable-previous-version';
import { create as handleEndedExecution } from '../../lambdas/handlers/handle-ended-execution';
import { create as notifyDependent } from '../../lambdas/handlers/notify-dependent';
import { create as operate } from '../../lambdas/handlers/operate';
import { create as promoteKeyVersion } from '../../lambdas/handlers/promote-key-version';
import { create as proveKeyVersion } from '../../lambdas/handlers/prove-key-version';
import { create as readApproval } from '../../lambdas/handlers/read-approval';
import { create as reconcile } from '../../lambdas/handlers/reconcile';
import { create as recordKeyDeletion } from '../../lambdas/handlers/record-key-deletion';
import { create as registerKeys } from '../../lambdas/handlers/register-keys';
import { create as releaseRotation } from '../../lambdas/handlers/release-rotation';
import { create as requestApproval } from '../../lambdas/handlers/request-approval';
import { create as requestRotation } from '../../lambdas/handlers/request-rotation';
import { create as rescueVersion } from '../../lambdas/handlers/rescue-version';
import { create as revokePreviousVersion } from '../../lambdas/handlers/revoke-previous-version';
import { create as settle } from '../../lambdas/handlers/settle';
import { create as startDueRotations } from '../../lambdas/handlers/start-due-rotations';
import type { CreateHandler } from '../../lambdas/runtime/on-lambda';

/** Every function's handler, from source. */
export const HANDLERS: Readonly<Record<FunctionName, CreateHandler>> = {
  'claim-rotation': claimRotation,
  'create-key-version': createKeyVersion,
  'prove-key-version': proveKeyVersion,
  'notify-dependent': notifyDependent,
  'promote-key-version': promoteKeyVersion,
  'confirm-promotion': confirmPromotion,
  'check-drain': checkDrain,
  'disable-previous-version': disablePreviousVersion,
  'check-bake': checkBake,
  'revoke-previous-version': revokePreviousVersion,
  'release-rotation': releaseRotation,
  'classify-failure': classifyFailure,
  'request-approval': requestApproval,
  'read-approval': readApproval,
  settle,
  'abort-safely': abortSafely,
  'start-due-rotations': startDueRotations,
  'handle-ended-execution': handleEndedExecution,
  'begin-repair': beginRepair,
  'apply-repair': applyRepair,
  'confirm-repair': confirmRepair,
  acknowledge,
  'request-rotation': requestRotation,
  operate,
  decide,
  'rescue-version': rescueVersion,
  reconcile,
  'register-keys': registerKeys,
  'record-key-deletion': recordKeyDeletion,
};
