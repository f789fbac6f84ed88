import type { ErrorClass } from '../contract/errors';

/** How soon somebody has to look. `page`: now; `ticket`: in working hours; `note`: for the record. */
export type Severity = 'page' | 'ticket' | 'note';

/** A message that a person can act on at 3 a.m.: it says what is broken, what still works, and what to type. */
export interface Alert {
  /** The same for every publication of the same alert: SNS delivers at least once, and so do we. */
  readonly id: string;
  readonly key: string;
  readonly subject: string;
  readonly message: string;
  /** For filtering: key, owner, stage, class, severity. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What an alert is made of. Every question that a person asks first has its own answer. */
export interface AlertFacts {
  readonly id: string;
  readonly key: string;
  readonly owner: string;
  /** What happened, in one line. */
  readonly headline: string;
  /** The state of the workflow, or the function, that noticed it. */
  readonly stage: string;
  readonly severity: Severity;
  readonly errorClass?: ErrorClass;
  /** ARN of the execution, if one is concerned. */
  readonly executionArn?: string;
  readonly rotationId?: string;
  /** Name and text of the error, or what was seen. */
  readonly reason: string;
  readonly isEncryptionImpacted: string;
  readonly isDecryptionValid: string;
  readonly mustCustomerAct: string;
  readonly isInterventionSafe: string;
  readonly next: string;
  /** Commands, ready to paste. */
  readonly commands: readonly string[];
  /** Section of the runbook. */
  readonly runbook: string;
}

/** SNS takes a subject of fewer than 100 characters of ASCII, and a message of 256 KiB. */
const MAX_SUBJECT_LENGTH = 99;
const MAX_REASON_LENGTH = 4_000;

export function alertOf(facts: AlertFacts): Alert {
  const { executionArn } = facts;
  const lines = [
    facts.headline,
    '',
    `Key:        ${facts.key}, owner ${facts.owner}`,
    `Stage:      ${facts.stage}${facts.errorClass === undefined ? '' : ` (${facts.errorClass})`}`,
    ...(facts.rotationId === undefined ? [] : [`Rotation:   ${facts.rotationId}`]),
    ...(executionArn === undefined ? [] : [`Execution:  ${executionArn}`, `            ${consoleLink(executionArn)}`]),
    `Reason:     ${facts.reason.slice(0, MAX_REASON_LENGTH)}`,
    '',
    `Is encryption impacted?           ${facts.isEncryptionImpacted}`,
    `Is decryption still valid?        ${facts.isDecryptionValid}`,
    `Must a customer act?              ${facts.mustCustomerAct}`,
    `Is manual intervention safe?      ${facts.isInterventionSafe}`,
    `What happens next?                ${facts.next}`,
    '',
    facts.commands.length === 0 ? 'Nothing to type.' : 'Type:',
    ...facts.commands.map((command) => `  ${command}`),
    `Runbook: docs/operations.md#${facts.runbook}`,
  ];
  return {
    id: facts.id,
    key: facts.key,
    subject: `keyturn: ${facts.key}: ${facts.headline}`.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT_LENGTH),
    message: lines.join('\n'),
    attributes: {
      alertId: facts.id,
      key: facts.key,
      owner: facts.owner,
      stage: facts.stage,
      severity: facts.severity,
      ...(facts.errorClass === undefined ? {} : { class: facts.errorClass }),
      ...(facts.rotationId === undefined ? {} : { rotation: facts.rotationId }),
    },
  };
}

const CONSOLES: Readonly<Record<string, string>> = { aws: 'console.aws.amazon.com', 'aws-cn': 'console.amazonaws.cn', 'aws-us-gov': 'console.amazonaws-us-gov.com' };

/** Where the execution can be looked at. */
function consoleLink(executionArn: string): string {
  const [, partition = 'aws', , region = ''] = executionArn.split(':');
  return `https://${CONSOLES[partition] ?? CONSOLES['aws'] ?? ''}/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}
