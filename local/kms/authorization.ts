import { unpackCiphertext } from './ciphertext';
import type { KmsKey } from './key';
import { ALIAS_PREFIX, aliasArn, keyArn, parseKeyReference } from './place';
import type { Rooms } from './rooms';

/** What IAM must know of a call. */
export interface KmsAuthorization {
  /** Aliases, keys that exist, keys that do not, or `*`. */
  readonly resourceArns: string[];
  readonly keys: {
    readonly arn: string;
    readonly policy: string;
    readonly tags: Record<string, string>;
    /** With their prefix. */
    readonly aliases: string[];
  }[];
}

/**
 * Names the resources that a call touches: an alias operation touches the alias and its keys, the current and the new one. Decided by the
 * truth, not by what readers see; malformed input names nothing and is refused later, by the operation.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
 */
export function authorizationOf(rooms: Rooms, operation: string, input: unknown): KmsAuthorization {
  const text = textMembers(input);
  switch (operation) {
    case 'CreateAlias':
    case 'UpdateAlias':
    case 'DeleteAlias':
      return aliasAuthorization(rooms, text('AliasName'), text('TargetKeyId'));
    case 'ListAliases':
      return answer(rooms, []);
    case 'ReEncrypt':
      return answer(rooms, [text('SourceKeyId') ?? keyIdOfCiphertext(text('CiphertextBlob')), text('DestinationKeyId')]);
    case 'Decrypt':
      return answer(rooms, [text('KeyId') ?? keyIdOfCiphertext(text('CiphertextBlob'))]);
    case 'RetireGrant':
      return answer(rooms, [text('KeyId') ?? keyIdOfGrant(rooms, text('GrantToken'))]);
    default:
      return answer(rooms, [text('KeyId')]);
  }
}

function aliasAuthorization(rooms: Rooms, alias: string | undefined, targetKeyId: string | undefined): KmsAuthorization {
  if (!alias?.startsWith(ALIAS_PREFIX)) return answer(rooms, [targetKeyId]);
  const current = rooms.aliases.find(alias)?.targetKeyId;
  const { resourceArns, keys } = answer(rooms, [current, targetKeyId]);
  return { resourceArns: [aliasArn(rooms.options, alias), ...resourceArns.filter((arn) => arn !== '*')], keys };
}

function answer(rooms: Rooms, named: readonly (string | undefined)[]): KmsAuthorization {
  const touched = named.flatMap((text) => (text === undefined ? [] : [resolve(rooms, text)]));
  const keys = new Map(touched.flatMap(({ key }) => (key === undefined ? [] : [[key.id, key]])));
  const resourceArns = [...new Set(touched.map(({ arn }) => arn))];
  return {
    resourceArns: resourceArns.length > 0 ? resourceArns : ['*'],
    keys: [...keys.values()].map(({ id, arn, policy, tags }) => ({
      arn,
      policy,
      tags: Object.fromEntries(tags),
      aliases: [...rooms.aliases.namesOf(id)],
    })),
  };
}

/** The key and its ARN; without such a key, the ARN that was asked for. */
function resolve({ aliases, keys, options }: Rooms, text: string): { readonly arn: string; readonly key?: KmsKey } {
  let keyId: string | undefined;
  let askedFor: string;
  try {
    const reference = parseKeyReference(options, text);
    const place = { ...options, accountId: reference.accountId };
    const isOwn = reference.accountId === options.accountId;
    askedFor = reference.kind === 'key' ? keyArn(place, reference.keyId) : aliasArn(place, reference.name);
    if (isOwn) keyId = reference.kind === 'key' ? reference.keyId : aliases.find(reference.name)?.targetKeyId;
  } catch {
    askedFor = text;
  }
  const key = keyId === undefined ? undefined : keys.find(keyId);
  return key === undefined ? { arn: askedFor } : { arn: key.arn, key };
}

function keyIdOfCiphertext(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : unpackCiphertext(Buffer.from(base64, 'base64'))?.keyId;
}

function keyIdOfGrant({ keys }: Rooms, token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  return keys.all().find(({ grants }) => [...grants.values()].some((grant) => grant.tokens.has(token)))?.id;
}

function textMembers(input: unknown): (name: string) => string | undefined {
  const members: Readonly<Record<string, unknown>> = typeof input === 'object' && input !== null ? { ...input } : {};
  return (name) => {
    const value = members[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
}
