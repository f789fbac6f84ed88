import type { Principal, PrincipalMatch } from '../iam/policy';
import { unpackCiphertext } from './ciphertext';
import { grantedTo, mayRetire } from './grant-permissions';
import { parseGrantToken } from './grant-token';
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
    /** What must be permitted on this key: `ReEncryptFrom`, say. */
    readonly permissions: string[];
    /** Whether a grant of the key gives a permission to a principal. Not there for a key without grants. */
    readonly grants?: (permission: string, principal: Principal) => PrincipalMatch;
  }[];
}

/** A key as the request names it, and what the call needs on it. */
interface Named {
  readonly text: string | undefined;
  readonly permission: string;
}

/**
 * Names the resources that a call touches: an alias operation touches the alias and its keys, the current and the new one. Decided by the
 * truth, not by what readers see; malformed input names nothing and is refused later, by the operation.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
 */
export function authorizationOf(rooms: Rooms, operation: string, input: unknown): KmsAuthorization {
  const request = new Request(rooms, operation, input);
  const { text } = request;
  const keyOfCall = (name: string | undefined): Named => ({ text: name, permission: operation });
  switch (operation) {
    case 'CreateAlias':
    case 'UpdateAlias':
    case 'DeleteAlias':
      return aliasAuthorization(request, text('AliasName'), text('TargetKeyId'));
    case 'ListAliases':
      return request.answer([]);
    case 'ReEncrypt':
      return request.answer([
        { text: text('SourceKeyId') ?? keyIdOfCiphertext(text('CiphertextBlob')), permission: 'ReEncryptFrom' },
        { text: text('DestinationKeyId'), permission: 'ReEncryptTo' },
      ]);
    case 'Decrypt':
      return request.answer([keyOfCall(text('KeyId') ?? keyIdOfCiphertext(text('CiphertextBlob')))]);
    case 'RetireGrant':
      return request.answer([keyOfCall(request.grantToRetire()?.keyId ?? text('KeyId'))]);
    default:
      return request.answer([keyOfCall(text('KeyId'))]);
  }
}

function aliasAuthorization(request: Request, alias: string | undefined, targetKeyId: string | undefined): KmsAuthorization {
  const { operation, rooms } = request;
  const named = [alias === undefined ? undefined : rooms.aliases.find(alias)?.targetKeyId, targetKeyId].map((text) => ({ text, permission: operation }));
  if (!alias?.startsWith(ALIAS_PREFIX)) return request.answer(named.slice(1));
  const { resourceArns, keys } = request.answer(named);
  return { resourceArns: [aliasArn(rooms.options, alias), ...resourceArns.filter((arn) => arn !== '*')], keys };
}

/** One request, as far as its permissions depend on it. */
class Request {
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    readonly rooms: Rooms,
    readonly operation: string,
    input: unknown,
  ) {
    this.members = typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
  }

  readonly text = (name: string): string | undefined => {
    const value = this.members[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };

  answer(named: readonly Named[]): KmsAuthorization {
    const resourceArns = new Set<string>();
    const touched = new Map<string, { readonly key: KmsKey; readonly permissions: string[] }>();
    for (const { text, permission } of named) {
      if (text === undefined) continue;
      const { arn, key } = resolve(this.rooms, text);
      resourceArns.add(arn);
      if (key === undefined) continue;
      const permissions = touched.get(key.id)?.permissions ?? [];
      if (!permissions.includes(permission)) touched.set(key.id, { key, permissions: [...permissions, permission] });
    }
    return {
      resourceArns: resourceArns.size > 0 ? [...resourceArns] : ['*'],
      keys: [...touched.values()].map(({ key, permissions }) => ({
        arn: key.arn,
        policy: key.policy,
        tags: Object.fromEntries(key.tags),
        aliases: [...this.rooms.aliases.namesOf(key.id)],
        permissions,
        ...(key.grants.size > 0 && { grants: (permission, principal) => this.grants(key, permission, principal) }),
      })),
    };
  }

  /** The grant that the call retires, which itself says who may. */
  grantToRetire(): { readonly keyId: string; readonly grantId: string } | undefined {
    const token = this.text('GrantToken');
    return token === undefined ? undefined : parseGrantToken(token);
  }

  private grants(key: KmsKey, permission: string, principal: Principal): PrincipalMatch {
    if (permission === 'RetireGrant') {
      const grant = key.grants.get(this.grantToRetire()?.grantId ?? this.text('GrantId') ?? '');
      return grant === undefined ? undefined : mayRetire(grant, principal);
    }
    return grantedTo(key, { operation: permission, input: this.members, nowMs: this.rooms.options.timeline.nowMs() }, principal);
  }
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
