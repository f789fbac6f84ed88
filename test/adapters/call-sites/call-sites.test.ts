import { TASK_ERRORS } from '../../../lambdas/contract/errors';
import { WORKFLOW_FUNCTIONS } from '../../../lambdas/contract/functions';
import { classify } from '../../../lambdas/domain/failure';
import { TaskError } from '../../../lambdas/domain/task-error';
import { AwsError } from '../../../local/kernel/aws-error';
import { declaredErrors } from './declared-errors';
import { DRIVERS, prepared, type Place } from './drivers';
import { BROKEN_CONNECTIONS, EXPECTATIONS, GENERIC_ANSWERS, type Row } from './expectations';
import { CALL_SITES, CALLING_FILES, sitesReachedBy, type CallSite } from './sites';

/** One way in which one call can fail. */
interface Failing {
  readonly site: CallSite;
  readonly name: string;
  readonly error: Error;
}

const answeredWith = (name: string, code: string, httpStatus: number) => ({ name, error: new AwsError(code, 'as AWS says it', httpStatus) });

/** Everything that a call may meet: what its client declares, what every service may say, and no answer at all. */
function failuresOf(site: CallSite): readonly Failing[] {
  const declared = declaredErrors(site).map(({ name, code, httpStatus }) => answeredWith(name, code, httpStatus));
  const names = new Set(declared.map(({ name }) => name));
  const generic = Object.entries(GENERIC_ANSWERS).flatMap(([name, status]) => (names.has(name) ? [] : [answeredWith(name, name.includes(' ') ? '' : name, status)]));
  const broken = Object.entries(BROKEN_CONNECTIONS).map(([name, error]) => ({ name, error }));
  return [...declared, ...generic, ...broken].map((failure) => ({ site, ...failure }));
}

const FAILURES = CALL_SITES.flatMap(failuresOf);
const isAbout = ({ at, on }: Row, { site, name }: Failing): boolean => at.includes(site.id) && on.includes(name);

const WIRES = ['sdk', 'direct'] as const;
const places = new Map<string, Place>();
beforeAll(async () => {
  for (const wire of WIRES) places.set(wire, await prepared({ wire }));
});

/** Makes a site's call fail, each time that it is made, and tells what its adapter made of it. */
async function outcomeOf({ site, error }: Failing, wire: (typeof WIRES)[number]): Promise<string> {
  const place = places.get(wire) as Place;
  let reached = 0;
  place.world.interceptAll = async (call, next) => {
    if (call.operation !== site.operation) return next();
    reached++;
    throw error;
  };
  const result = await (DRIVERS[site.id] as (at: Place) => Promise<unknown>)(place).then(
    () => 'answered',
    (thrown: unknown) => {
      // What was answered but could not be read may hold a token or a plaintext.
      expect(String(thrown)).not.toContain('secret');
      return thrown instanceof TaskError ? thrown.name : `not a TaskError: ${String(thrown)}`;
    },
  );
  expect(reached).toBeGreaterThan(0);
  return result;
}

test('calls of AWS are made in the adapters alone, and each is reached by a driver', () => {
  expect(CALLING_FILES.filter((file) => !file.startsWith('adapters/'))).toEqual([]);
  expect(Object.keys(DRIVERS).sort()).toEqual(CALL_SITES.map(({ id }) => id).sort());
  expect(CALL_SITES.length).toBeGreaterThan(45);
});

test('each failure of each call has one row, and each row is about something that can happen', () => {
  const rowsOf = FAILURES.map((failure) => [`${failure.site.id}: ${failure.name}`, EXPECTATIONS.filter((row) => isAbout(row, failure)).length] as const);
  expect(rowsOf.filter(([, rows]) => rows !== 1)).toEqual([]);
  for (const row of EXPECTATIONS) {
    const met = FAILURES.filter((failure) => isAbout(row, failure));
    expect({ because: row.because, at: row.at.filter((id) => !met.some(({ site }) => site.id === id)) }).toEqual({ because: row.because, at: [] });
    expect({ because: row.because, on: row.on.filter((name) => !met.some((failure) => failure.name === name)) }).toEqual({ because: row.because, on: [] });
  }
});

test('each row names its class as the contract does', () => {
  for (const { means, errorClass, because } of EXPECTATIONS) expect([because, errorClass]).toEqual([because, means === 'answered' ? undefined : TASK_ERRORS[means]]);
});

test('a change whose answer is lost is never just made again, unless it may be made twice', () => {
  const isChangeOfKms = ({ client, operation }: CallSite) => client === '@aws-sdk/client-kms' && !/^(Describe|Get|List|Encrypt|Decrypt|Sign|Verify|GenerateMac|VerifyMac|Derive|Encapsulate|Decapsulate)/.test(operation);
  const isWrite = ({ client, operation }: CallSite) => client === '@aws-sdk/client-dynamodb' && !/^(Get|Query)/.test(operation);
  const isAmbiguous = ({ name, error }: Failing) => (error instanceof AwsError ? error.httpStatus >= 500 || error.httpStatus === 408 : name !== 'no connection');
  const ambiguous = FAILURES.filter((failure) => (isChangeOfKms(failure.site) || isWrite(failure.site)) && isAmbiguous(failure));
  expect(ambiguous.length).toBeGreaterThan(150);
  const classes = ambiguous.map((failure) => [`${failure.site.id}: ${failure.name}`, EXPECTATIONS.find((row) => isAbout(row, failure))?.errorClass] as const);
  expect(classes.filter(([id, errorClass]) => errorClass !== (id.includes('CreateKey') ? 'look-again' : 'uncertain'))).toEqual([]);
});

describe.each(WORKFLOW_FUNCTIONS.map(([name, { state }]) => [state, name] as const))('in %s', (state, name) => {
  const failures = sitesReachedBy(name).flatMap(failuresOf);

  test('each failure of each call that it reaches has the class of its row, but what is not as it was left after the promotion', () => {
    expect(failures.length).toBeGreaterThan(50);
    for (const failure of failures) {
      const row = EXPECTATIONS.find((candidate) => isAbout(candidate, failure));
      if (row === undefined || row.means === 'answered') continue;
      const expected = state === 'Confirm Promotion' && ['ProofFailed', 'KmsNotConsistentYet'].includes(row.means) ? 'security-critical' : row.errorClass;
      expect([failure.site.id, failure.name, classify(state, row.means)]).toEqual([failure.site.id, failure.name, expected]);
    }
  });
});

describe.each(CALL_SITES.map((site) => [site.id, site] as const))('%s', (_, site) => {
  test.each(WIRES)('means what the table says, whatever it fails with (wire: %s)', async (wire) => {
    for (const failure of failuresOf(site)) {
      const row = EXPECTATIONS.find((candidate) => isAbout(candidate, failure));
      expect([failure.name, await outcomeOf(failure, wire)]).toEqual([failure.name, row?.means]);
    }
  });
});
