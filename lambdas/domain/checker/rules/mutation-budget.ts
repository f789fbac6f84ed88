import { MAX_CREATE_INTENTS, MAX_SETTLEMENTS } from '../../../contract/timing';
import type { SdkCall } from '../../trace';
import type { Rule } from '../rule';

/** The definition's tries of one state: the first, 7 more under load, 8 more until KMS is consistent. */
const MAX_TRIES = 1 + 7 + 8;

/** A state runs once, and once more after each settlement. */
const ONE_PER_TRY = (1 + MAX_SETTLEMENTS) * MAX_TRIES;

/** KMS allows 50,000 grants on a key; what one execution carries over stays far below. */
const MAX_CARRIED_GRANTS = 100;

/**
 * How often one execution may call each mutating KMS API. Calls that KMS surely refused count too, except for `CreateKey`: a
 * refused one makes no key and takes no intent.
 */
export const MUTATION_BUDGETS: ReadonlyMap<string, number> = new Map([
  ['CreateKey', MAX_CREATE_INTENTS],
  ['CreateAlias', 2 * ONE_PER_TRY],
  ['UpdateAlias', ONE_PER_TRY],
  ['PutKeyPolicy', ONE_PER_TRY],
  ['CreateGrant', MAX_CARRIED_GRANTS * (1 + MAX_SETTLEMENTS)],
  ['TagResource', ONE_PER_TRY],
  ['DisableKey', ONE_PER_TRY],
  ['EnableKey', ONE_PER_TRY],
  ['ScheduleKeyDeletion', ONE_PER_TRY],
  ['CancelKeyDeletion', ONE_PER_TRY],
]);

/** KMS's own words for a `CreateKey` that made no key. */
const REFUSALS = new Set([
  'AccessDeniedException', 'CloudHsmClusterInvalidConfigurationException', 'CustomKeyStoreInvalidStateException', 'CustomKeyStoreNotFoundException',
  'InvalidArnException', 'LimitExceededException', 'MalformedPolicyDocumentException', 'TagException', 'ThrottlingException',
  'UnsupportedOperationException', 'ValidationException',
]);

/** Invariant 11: retries are bounded: no execution calls a mutating KMS API more than its budget. */
export const mutationBudget: Rule = ({ findings, executionOf }) => {
  const budgets = findings('11 KMS mutations stay within their budgets', 'no execution called a mutating KMS API, or calls were not recorded');
  const calls = new Map<string, SdkCall[]>();
  return {
    onEvent(event) {
      if (event.type !== 'sdk.call' || event.service !== 'kms') return;
      const budget = MUTATION_BUDGETS.get(event.operation);
      const execution = executionOf(event.traceId);
      if (budget === undefined || execution === undefined) return;
      budgets.examined();
      if (event.operation === 'CreateKey' && event.error !== null && REFUSALS.has(event.error)) return;
      const id = `${execution} ${event.operation}`;
      const list = calls.get(id) ?? [];
      list.push(event);
      calls.set(id, list);
      if (list.length === budget + 1) budgets.violated(`${execution} called ${event.operation} more than ${budget} times`, list.map(({ seq }) => seq));
    },
  };
};
