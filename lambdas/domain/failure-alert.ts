import type { ErrorClass } from '../contract/errors';
import { alertOf, type Alert, type Severity } from './alert';
import type { Response } from './failure';
import type { Instant } from './instant';

/** A failure as people have to hear of it. */
export interface FailureFacts {
  readonly key: string;
  readonly owner: string;
  readonly rotationId: string;
  readonly executionArn: string;
  readonly state: string;
  readonly error: string;
  readonly errorClass: ErrorClass;
  readonly reason: string;
  readonly at: Instant;
  readonly response: Response;
  /** Whether the key is quarantined by the abort that follows. @default false */
  readonly isLastAttempt?: boolean;
}

/** The alert about one failure. Publishing it twice is the same alert. */
export function failureAlert(failure: FailureFacts): Alert {
  const { key, owner, rotationId, executionArn, state, error, errorClass, isLastAttempt = false } = failure;
  const isForeign = errorClass === 'security-critical';
  return alertOf({
    id: `${rotationId}/${failure.at}`,
    key,
    owner,
    rotationId,
    executionArn,
    stage: state,
    errorClass,
    severity: isLastAttempt ? 'page' : SEVERITIES[failure.response],
    headline: `${outlivedRetries(errorClass) ? `${error} outlived its retries` : `${errorClass} failure`} in ${state}${isLastAttempt ? ', at the last attempt' : ''}`,
    reason: `${error}: ${failure.reason}`,
    isEncryptionImpacted: isForeign
      ? 'PERHAPS. Something that keyturn did not cause was seen at the alias or a key: the reason says what.'
      : 'No. The ACTIVE version is as it was, and the alias points to it.',
    isDecryptionValid: isForeign
      ? 'As far as the reason does not say otherwise. keyturn has disabled and revoked nothing because of this failure.'
      : 'Yes. This failure has disabled and revoked nothing.',
    mustCustomerAct: isForeign ? 'Not before the cause is known.' : 'No.',
    isInterventionSafe: INTERVENTION[failure.response],
    next: isLastAttempt ? NEXT_AFTER_LAST : error === 'AbortRequested' ? NEXT_AFTER_REQUEST : NEXT[failure.response],
    commands: commandsAfter(failure),
    runbook: isForeign ? 'frozen' : errorClass === 'non-recoverable' || isLastAttempt ? 'quarantined' : 'aborted',
  });
}

/** The names of these classes say what the workflow does first, which is behind it by now. */
function outlivedRetries(errorClass: ErrorClass): boolean {
  return errorClass === 'retry' || errorClass === 'look-again';
}

const SEVERITIES: Readonly<Record<Response, Severity>> = {
  superseded: 'ticket',
  'settle-and-resume': 'note',
  'settle-and-abort': 'ticket',
  'settle-and-ask': 'page',
  ask: 'page',
};

const INTERVENTION: Readonly<Record<Response, string>> = {
  superseded: 'Not needed.',
  'settle-and-resume': 'Not now: the execution goes on by itself in some minutes.',
  'settle-and-abort': 'Not now: the execution gives the key back by itself in some minutes.',
  'settle-and-ask': 'Yes, with the commands below. Never edit the registry, the alias or a key by hand.',
  ask: 'Only with the commands below, once the cause is known. Everything about the key stands still.',
};

const NEXT: Readonly<Record<Response, string>> = {
  superseded: 'The execution ends. Another one owns the key.',
  'settle-and-resume': 'The execution waits until no call can be under way any more, then goes on.',
  'settle-and-abort': 'The execution waits until no call can be under way any more, then aborts safely: nothing is revoked. The next attempt follows.',
  'settle-and-ask': 'The key is quarantined. The execution waits for an answer; without one it aborts safely and the key stays quarantined.',
  ask: 'The key is frozen. The execution waits for an answer; without one it ends, and the key stays frozen until it is repaired.',
};

const NEXT_AFTER_REQUEST =
  'The execution waits until no call can be under way any more, then aborts safely, as somebody asked: nothing is revoked. The window is not tried again by itself.';

const NEXT_AFTER_LAST =
  'The execution waits until no call can be under way any more, then aborts safely: nothing is revoked. It was the last attempt that is allowed: the key is quarantined, and nothing starts until that is lifted.';

function commandsAfter({ key, response, errorClass, isLastAttempt = false }: FailureFacts): readonly string[] {
  const look = [`keyturn status ${key}`, `keyturn history ${key}`];
  if (isLastAttempt) return [...look, `keyturn lift ${key} --reason …     # once the cause is mended`];
  if (response === 'settle-and-ask') return [...look, `keyturn approvals ${key}`, 'keyturn approve <id> --resume --reason …     # once the cause is mended', 'keyturn approve <id> --abort --reason …'];
  if (response === 'ask') return [...look, `keyturn audit ${key}`, `keyturn repair ${key} --help`];
  return errorClass === 'superseded' ? look : [`keyturn status ${key}`];
}
