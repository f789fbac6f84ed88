import { ENV, type EnvName } from './names';

/** The state machines: `statemachine/<name>.asl.json`. */
export type MachineName = 'key-rotation' | 'key-repair';

/** What the stack must know of one function. The handler is `lambdas/handlers/<name>.ts`, exporting `handler`. */
export interface FunctionContract {
  /** The machine that invokes it, if one does. @default key-rotation */
  readonly machine?: MachineName;
  /** The state that invokes it, if the workflow does. */
  readonly state?: string;
  /** The definition's substitution that holds the pinned version's ARN: `${…}`. */
  readonly substitution?: string;
  readonly environment: readonly EnvName[];
  /** EventBridge tells it of things once: what none of Lambda's tries could handle is kept in the dead-letter queue. @default false */
  readonly hasDeadLetterQueue?: true;
}

const REGISTRY = [ENV.table, ENV.registryId] as const;

/** Every deployed function. */
export const FUNCTIONS = {
  'claim-rotation': { state: 'Claim Rotation', substitution: 'ClaimRotationArn', environment: [...REGISTRY, ENV.stateMachineArn] },
  'create-key-version': { state: 'Create Key Version', substitution: 'CreateKeyVersionArn', environment: [...REGISTRY, ENV.rolePattern] },
  'prove-key-version': { state: 'Prove Key Version', substitution: 'ProveKeyVersionArn', environment: REGISTRY },
  'notify-dependent': { state: 'Notify Dependent', substitution: 'NotifyDependentArn', environment: [...REGISTRY, ENV.acknowledgeUrl] },
  'promote-key-version': { state: 'Promote Key Version', substitution: 'PromoteKeyVersionArn', environment: [...REGISTRY, ENV.rolePattern] },
  'confirm-promotion': { state: 'Confirm Promotion', substitution: 'ConfirmPromotionArn', environment: [...REGISTRY, ENV.acknowledgeUrl] },
  'check-drain': { state: 'Check Drain', substitution: 'CheckDrainArn', environment: REGISTRY },
  'disable-previous-version': { state: 'Disable Previous Version', substitution: 'DisablePreviousVersionArn', environment: REGISTRY },
  'check-bake': { state: 'Check Bake', substitution: 'CheckBakeArn', environment: REGISTRY },
  'revoke-previous-version': { state: 'Revoke Previous Version', substitution: 'RevokePreviousVersionArn', environment: [...REGISTRY, ENV.vouchedRoles] },
  'release-rotation': { state: 'Release Rotation', substitution: 'ReleaseRotationArn', environment: REGISTRY },
  'classify-failure': { state: 'Classify Failure', substitution: 'ClassifyFailureArn', environment: [...REGISTRY, ENV.topicArn] },
  'request-approval': { state: 'Await Approval', substitution: 'RequestApprovalArn', environment: [...REGISTRY, ENV.topicArn] },
  'read-approval': { state: 'Read Approval', substitution: 'ReadApprovalArn', environment: [...REGISTRY, ENV.vouchedRoles] },
  settle: { state: 'Settle', substitution: 'SettleArn', environment: REGISTRY },
  'abort-safely': { state: 'Abort Safely', substitution: 'AbortSafelyArn', environment: REGISTRY },
  'start-due-rotations': { environment: [...REGISTRY, ENV.stateMachineArn] },
  'handle-ended-execution': { environment: [...REGISTRY, ENV.topicArn], hasDeadLetterQueue: true },
  'begin-repair': { machine: 'key-repair', state: 'Begin Repair', substitution: 'BeginRepairArn', environment: [...REGISTRY, ENV.vouchedRoles] },
  'apply-repair': { machine: 'key-repair', state: 'Apply Repair', substitution: 'ApplyRepairArn', environment: REGISTRY },
  'confirm-repair': { machine: 'key-repair', state: 'Confirm Repair', substitution: 'ConfirmRepairArn', environment: [...REGISTRY, ENV.topicArn] },
  acknowledge: { environment: REGISTRY },
  'request-rotation': { environment: [...REGISTRY, ENV.stateMachineArn, ENV.topicArn] },
  operate: { environment: [...REGISTRY, ENV.rescueFunctionArn] },
  decide: { environment: [...REGISTRY, ENV.stateMachineArn, ENV.repairMachineArn, ENV.topicArn, ENV.vouchedRoles] },
  reconcile: { environment: [...REGISTRY, ENV.stateMachineArn, ENV.repairMachineArn, ENV.rescueFunctionArn, ENV.topicArn, ENV.vouchedRoles] },
  'rescue-version': { environment: [...REGISTRY, ENV.topicArn, ENV.rolePattern], hasDeadLetterQueue: true },
  'register-keys': { environment: REGISTRY },
  'record-key-deletion': { environment: REGISTRY, hasDeadLetterQueue: true },
} as const satisfies Record<string, FunctionContract>;

export type FunctionName = keyof typeof FUNCTIONS;

/** Whether an event that the function failed to handle is kept. */
export function hasDeadLetterQueue(name: FunctionName): boolean {
  const { hasDeadLetterQueue: has }: FunctionContract = FUNCTIONS[name];
  return has === true;
}

type WorkflowFunction = readonly [FunctionName, FunctionContract & { readonly state: string; readonly substitution: string }];

/** The functions that a machine invokes, with the substitution that pins each. */
export function functionsOf(machine: MachineName): readonly WorkflowFunction[] {
  return (Object.entries(FUNCTIONS) as [FunctionName, FunctionContract][]).filter(
    (entry): entry is [FunctionName, FunctionContract & { state: string; substitution: string }] =>
      entry[1].state !== undefined && entry[1].substitution !== undefined && (entry[1].machine ?? 'key-rotation') === machine,
  );
}

/** The functions that the rotation's workflow invokes. */
export const WORKFLOW_FUNCTIONS = functionsOf('key-rotation');
