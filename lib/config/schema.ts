import { z } from 'zod';
import { KEY_NAME_PATTERN, MAX_DEPENDENTS } from '../../lambdas/contract/key-policy';
import { KEY_SPECS, type KeySpec, type KeyUsage } from '../../lambdas/contract/key-specs';
import { DEFAULT_MAX_ATTEMPTS } from '../../lambdas/contract/timing';
import { DURATION_PATTERN } from './duration';

/**
 * The shape of `keyturn.config.json`. Defaults are not applied here, because several depend on other fields; `normalize.ts`
 * does that. The JSON Schema for editors is generated from this file, so descriptions and defaults are written for people.
 */

/** What stands in the configuration when a key and `defaults` say nothing. Those that depend on other fields are absent. */
export const DEFAULTS = {
  description: '',
  strategy: 'alias-swap',
  spec: 'SYMMETRIC_DEFAULT',
  origin: 'AWS_KMS',
  anchor: '2026-01-01T00:00:00Z',
  startSpread: '1h',
  drain: '30d',
  backupRetention: '0s',
  bake: '7d',
  autoDelete: false,
  deletionWindowDays: 30,
  emergencyDrain: '4h',
  approvers: 1,
  approvalTimeout: '7d',
  maxAttempts: DEFAULT_MAX_ATTEMPTS,
  acknowledgeWithin: '1d',
  startEvery: '1h',
} as const;

/** KMS counts an alias with its prefix; `/v999999` must still fit behind it. */
export const MAX_ALIAS_LENGTH = 256 - '/v999999'.length;

/** KMS allows 50 tags per key; keyturn's own and a few for the organization must fit beside a person's. */
export const MAX_TAGS = 40;

export const RESERVED_TAG_PREFIXES = ['aws:', 'keyturn:'] as const;

/** KMS's own limit. @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Tag.html */
export const MAX_TAG_NAME_LENGTH = 128;

const SPECS = Object.keys(KEY_SPECS) as KeySpec[];
const USAGES = [...new Set<KeyUsage>(Object.values(KEY_SPECS).flat())];

const text = (hint: string) => z.string({ error: hint });
const matching = (pattern: RegExp, hint: string) => text(hint).regex(pattern, { error: hint });
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `allowed: ${values.join(', ')}; choose one of them` });
const wholeNumber = (min: number, max: number) => {
  const hint = `allowed: a whole number from ${min} to ${max}; write one without quotes`;
  return z.int({ error: hint }).min(min, { error: hint }).max(max, { error: hint });
};

const duration = matching(
  DURATION_PATTERN,
  'allowed: a whole number and s, m, h, d or w, such as "90d" or "12h"; a month or a year has no fixed length, write 30d or 365d',
);

const principal = matching(
  /^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/,
  'allowed: the ARN of an IAM role or user; for an assumed role name the role itself, arn:aws:iam::<account>:role/<path and name>',
);

const probe = matching(
  /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/,
  'allowed: the ARN of a Lambda function; write arn:aws:lambda:<region>:<account>:function:<name>',
);

export const dependentSchema = z.strictObject(
  {
    name: matching(KEY_NAME_PATTERN, 'allowed: letters, digits, ".", "_", "/" and "-"; name the service that uses the key').meta({
      description: 'The service, unique within its key.',
    }),
    principal: principal.optional().meta({ description: 'IAM role or user whose answer through the acknowledge URL counts. Either this or `probe`.' }),
    probe: probe.optional().meta({ description: 'ARN of a Lambda function that is asked instead. Either this or `principal`.' }),
    acknowledgeWithin: duration
      .optional()
      .meta({ description: 'It answers `ready` within this long.', default: DEFAULTS.acknowledgeWithin }),
  },
  { error: 'allowed: an object with a name and either a principal or a probe; write one' },
);

export const TAG_HINT = `allowed: at most ${MAX_TAGS} pairs of a name (1 to ${MAX_TAG_NAME_LENGTH} characters) and a text (at most 256); shorten or remove the tag`;

export const tagValueSchema = z.string({ error: TAG_HINT }).max(256, { error: TAG_HINT });

/** Names are checked by `entry-rules.ts`: an illegal one would keep zod from looking at its value. */
const tags = z.record(z.string(), tagValueSchema, { error: TAG_HINT });

/**
 * A name pattern of an IAM role. IAM allows a comma, but the functions get the list as text with commas between; a lone `*` would vouch for
 * sessions that everybody names themselves.
 */
const vouchedRole = matching(
  /^(?=.*[\w+=.@-])[\w+=.@*-]{1,64}$/,
  'allowed: a role name without path, at most 64 letters, digits and "+=.@_-", with "*" for any characters but not alone; write one such as "AWSReservedSSO_*"',
);

/** Everything that `defaults` may hold too. */
const inheritable = {
  owner: text('allowed: the name of a team or person; write who answers for the key')
    .min(1, { error: 'allowed: the name of a team or person; write who answers for the key' })
    .max(256, { error: 'allowed: at most 256 characters; shorten it' })
    .regex(/^\S(?:.*\S)?$/, { error: 'allowed: one line of text without spaces around it; write who answers for the key' })
    .meta({ description: 'The team or person who answers for the key. Required, here or in `defaults`.' }),
  retirement: oneOf(['keep', 'disable', 'delete']).meta({
    description:
      'What becomes of the previous version after its drain. `keep`: it decrypts for ever; `disable`: it is disabled; `delete`: it is disabled, baked, and its deletion scheduled. Required, here or in `defaults`: it has no default.',
  }),
  description: text('allowed: text; write one or remove the field')
    .max(8_192, { error: 'allowed: at most 8192 characters; shorten it' })
    .meta({ description: "The KMS key's description. Not secret: it is visible in CloudTrail.", default: DEFAULTS.description }),
  strategy: z
    .literal('alias-swap', {
      error: (issue) =>
        issue.input === 'in-place'
          ? 'allowed: alias-swap; in-place is not built yet, remove the field'
          : 'allowed: alias-swap; remove the field',
    })
    .meta({ description: 'How a version is made: `alias-swap` makes a new KMS key and moves the alias.', default: DEFAULTS.strategy }),
  spec: oneOf(SPECS as [KeySpec, ...KeySpec[]]).meta({ description: "KMS's key spec.", default: DEFAULTS.spec }),
  usage: oneOf(USAGES as [KeyUsage, ...KeyUsage[]]).meta({
    description: "KMS's key usage. Default: the spec's only usage; required when the spec has several (RSA, NIST curves).",
  }),
  origin: oneOf(['AWS_KMS', 'AWS_CLOUDHSM']).meta({
    description: 'Where key material lives. `AWS_CLOUDHSM` needs `keyStoreId` and the spec SYMMETRIC_DEFAULT.',
    default: DEFAULTS.origin,
  }),
  keyStoreId: text('allowed: the id of a custom key store; write cks-<id>')
    .min(1, { error: 'allowed: 1 to 64 characters; write cks-<id>' })
    .max(64, { error: 'allowed: 1 to 64 characters; write cks-<id>' })
    .regex(/^cks-[0-9a-z]+$/, { error: 'allowed: the id of a custom key store; write cks-<id>' })
    .meta({ description: 'The CloudHSM key store, for origin AWS_CLOUDHSM only.' }),
  rotateEvery: duration.meta({ description: 'A rotation window starts this often, at least 24h, whole minutes. Required, here or in `defaults`.' }),
  anchor: matching(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/,
    'allowed: a whole minute in UTC; write it like "2026-01-01T00:00:00Z"',
  ).meta({ description: 'Start of one window, from which all others are counted: a whole minute in UTC.', default: DEFAULTS.anchor }),
  startSpread: duration.meta({
    description: 'Starts of keys with the same window are spread over this long by a hash of the name.',
    default: DEFAULTS.startSpread,
  }),
  drain: duration.meta({
    description: `The previous version is DEPRECATED (decrypts and verifies only) for at least this long. Default: ${DEFAULTS.drain}, for retirement \`keep\` 0s. At least 2h for \`disable\` and \`delete\`.`,
  }),
  backupRetention: duration.meta({
    description: 'The oldest backup that may have to be restored and decrypted: a drain lasts at least this long.',
    default: DEFAULTS.backupRetention,
  }),
  idle: duration.meta({
    description: 'The previous version was unused for this long at the end of the drain, or the drain is extended. Default: half of `drain`.',
  }),
  bake: duration.meta({
    description: 'The previous version is DISABLED for at least this long before its deletion is scheduled.',
    default: DEFAULTS.bake,
  }),
  emergencyDrain: duration.meta({
    description:
      'A compromised version, once an emergency has replaced it, drains for only this long, at least 2h: backups and old data that need it must be re-encrypted by then.',
    default: DEFAULTS.emergencyDrain,
  }),
  autoDelete: z
    .boolean({ error: 'allowed: true or false; write one without quotes' })
    .meta({ description: 'Retirement `delete` without an approval bound to the version. It rests on the evidence of the drain, and on CloudTrail telling of failed uses during the bake: see docs/adr/0008.', default: DEFAULTS.autoDelete }),
  deletionWindowDays: wholeNumber(7, 30).meta({
    description: "KMS's own waiting period after the deletion is scheduled, in days.",
    default: DEFAULTS.deletionWindowDays,
  }),
  approvers: z
    .literal([1, 2], { error: 'allowed: 1 or 2; write one without quotes' })
    .meta({ description: 'How many people must approve what is asked about this key. Whoever asked is none of them; one refusal refuses.', default: DEFAULTS.approvers }),
  approvalTimeout: duration.meta({
    description: 'What nobody answers for this long, at least 1h, expires: nothing is deleted then, and a failed rotation aborts or stays frozen.',
    default: DEFAULTS.approvalTimeout,
  }),
  maxAttempts: wholeNumber(1, 9).meta({ description: 'Attempts of one window before a person is needed.', default: DEFAULTS.maxAttempts }),
  dependents: z
    .array(dependentSchema, { error: 'allowed: a list of dependents; write [ { "name": …, "principal": … } ]' })
    // Counted by `entry-rules.ts`: one too many would keep zod from looking at any of them.
    .meta({ description: 'Services that use the alias and acknowledge each rotation.', default: [], maxItems: MAX_DEPENDENTS }),
  tags: tags.meta({
    description: "Tags of every version's KMS key, besides keyturn's own. Not secret: they are visible in CloudTrail.",
    default: {},
    propertyNames: { minLength: 1, maxLength: MAX_TAG_NAME_LENGTH },
  }),
  keyPolicy: z
    .looseObject(
      {
        Version: z.string({ error: 'allowed: the version of the policy language; write "2012-10-17"' }).meta({ description: 'Version of the policy language.' }),
        Statement: z.array(z.looseObject({}), { error: 'allowed: a list of statements; write [ { "Effect": … } ]' }).min(1, { error: 'allowed: at least one statement; write who may use the key' }).meta({ description: 'Who may do what with the key.' }),
      },
      { error: 'allowed: an IAM policy document; write it as an object, not as text' },
    )
    .meta({ description: "Key policy of a key that keyturn bootstraps. Later versions carry over what the ACTIVE key has. Default: KMS's, where IAM decides." }),
};

/** What `defaults` holds, and each key too. */
export const defaultsSchema = z.strictObject(inheritable, { error: 'allowed: an object; write { … }' }).partial();

export const keySchema = defaultsSchema.extend({
  name: matching(
    KEY_NAME_PATTERN,
    'allowed: letters, digits, ".", "_", "/" and "-", at most 128, a letter or digit first and last; rename the key',
  ).meta({ description: 'Name in the registry, unique. It is part of every rotation id and never changes.' }),
  alias: matching(
    /^alias\/[A-Za-z0-9/_-]+$/,
    'allowed: alias/ and letters, digits, "/", "_" and "-"; write an alias that KMS takes',
  )
    .optional()
    .meta({ description: 'The alias that services use, unique. Default: `alias/<name>`.' }),
  adopt: matching(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/,
    'allowed: the ARN of a KMS key; write arn:aws:kms:<region>:<account>:key/<key id>, not an alias',
  )
    .optional()
    .meta({ description: 'ARN of the KMS key that the alias already points to, when an existing key is taken over.' }),
});

export const fileSchema = z
  .strictObject(
    {
      $schema: z.string({ error: 'allowed: the path of the JSON Schema; write "./keyturn.config.schema.json"' }).optional().meta({ description: 'For editors.' }),
      defaults: defaultsSchema.optional().meta({ description: 'Fields for every key that does not set them itself.' }),
      startEvery: oneOf(['15m', '30m', '1h', '2h', '3h', '6h', '12h']).optional().meta({
        description: 'How often due keys are looked for: a rotation starts at most this long after its window does, and so does a bootstrap after the deployment.',
        default: DEFAULTS.startEvery,
      }),
      vouchedRoles: z
        .array(vouchedRole, { error: 'allowed: a list of role names; write [ "AWSReservedSSO_*" ]' })
        .optional()
        .meta({
          description:
            'Roles whose session names the identity provider sets, such as `AWSReservedSSO_*` of IAM Identity Center: two sessions of such a role are two people. Of any other role all sessions are one person, because callers choose their names. `*` stands for any characters.',
          default: [],
        }),
      keys: z.array(keySchema, { error: 'allowed: a list of keys; write [ { "name": … } ]' }).meta({ description: 'The managed keys.' }),
    },
    { error: 'allowed: an object with a list of keys; write { "keys": [ … ] }' },
  )
  .meta({ title: 'keyturn configuration', description: 'The keys that keyturn rotates. Durations are a whole number and s, m, h, d or w.' });

export type KeyFields = z.infer<typeof keySchema>;
export type DependentFields = z.infer<typeof dependentSchema>;
