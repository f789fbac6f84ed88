import { z } from 'zod';
import { keyTypeOf } from './algorithms';
import { kmsError } from './errors';
import type { KmsKey } from './key';
import { actorOf } from './key-ring';
import { pageOf } from './paging';
import { ALIAS_PREFIX, aliasArn } from './place';
import type { Rooms } from './rooms';
import { epochSeconds, keyIdText, limit, marker, operation, type Operations } from './wire';

const MAX_ALIASES_PER_KEY = 50;
const DEFAULT_PAGE = 50;

const aliasName = z.string().min(1).max(256).regex(/^[a-zA-Z0-9:/_-]+$/);

/** @throws {ValidationException} without the prefix; {InvalidAliasNameException} for a name reserved for AWS or with a colon. */
function assertCustomerAlias(name: string): void {
  if (!name.startsWith(ALIAS_PREFIX) || name === ALIAS_PREFIX) {
    throw kmsError(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (name.startsWith(`${ALIAS_PREFIX}aws/`)) throw kmsError('InvalidAliasNameException', `Alias ${name} is reserved for AWS`);
  if (name.includes(':')) throw kmsError('InvalidAliasNameException', `${name} contains invalid characters for an alias`);
}

const createAliasRequest = z.object({ AliasName: aliasName, TargetKeyId: keyIdText });
const updateAliasRequest = z.object({ AliasName: aliasName, TargetKeyId: keyIdText });
const deleteAliasRequest = z.object({ AliasName: aliasName });
const listAliasesRequest = z.object({ KeyId: keyIdText.optional(), Limit: limit(100), Marker: marker });

export function aliasOperations({ directory, keys, aliases, options }: Rooms): Operations {
  const assertRoom = (targetKeyId: string): void => {
    const usage = aliases.namesOf(targetKeyId).length;
    if (usage < MAX_ALIASES_PER_KEY) return;
    throw kmsError(
      'LimitExceededException',
      `Aliases per key quota for this account in this region is ${String(MAX_ALIASES_PER_KEY)}, current usage is ${String(usage)}.`,
    );
  };

  return {
    CreateAlias: operation(createAliasRequest, ({ AliasName, TargetKeyId }, caller) => {
      assertCustomerAlias(AliasName);
      const target = directory.forManagement('CreateAlias', TargetKeyId);
      if (aliases.find(AliasName) !== undefined) {
        throw kmsError('AlreadyExistsException', `An alias with the name ${aliasArn(options, AliasName)} already exists`);
      }
      assertRoom(target.id);
      aliases.point(AliasName, target.id, actorOf(caller));
    }),

    UpdateAlias: operation(updateAliasRequest, ({ AliasName, TargetKeyId }, caller) => {
      assertCustomerAlias(AliasName);
      const alias = aliases.find(AliasName);
      if (alias === undefined) throw aliases.notFound(AliasName);
      const target = directory.forManagement('UpdateAlias', TargetKeyId);
      const current = keys.find(alias.targetKeyId);
      if (current !== undefined) assertSameKind(AliasName, current, target);
      if (target.id !== alias.targetKeyId) assertRoom(target.id);
      aliases.point(AliasName, target.id, actorOf(caller));
    }),

    DeleteAlias: operation(deleteAliasRequest, ({ AliasName }, caller) => {
      assertCustomerAlias(AliasName);
      if (aliases.find(AliasName) === undefined) throw aliases.notFound(AliasName);
      aliases.remove(AliasName, actorOf(caller));
    }),

    ListAliases: operation(listAliasesRequest, ({ KeyId, Limit, Marker }) => {
      const targetKeyId = KeyId === undefined ? undefined : directory.find(KeyId).key.id;
      const wanted = aliases.allShown().filter((alias) => targetKeyId === undefined || alias.targetKeyId === targetKeyId);
      const { items, rest } = pageOf(wanted, ({ name }) => name, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
      return {
        Aliases: items.map((alias) => ({
          AliasName: alias.name,
          AliasArn: aliasArn(options, alias.name),
          TargetKeyId: alias.targetKeyId,
          CreationDate: epochSeconds(alias.createdAtMs),
          LastUpdatedDate: epochSeconds(alias.updatedAtMs),
        })),
        ...rest,
      };
    }),
  };
}

/** An alias moves only between keys of the same type and usage. AWS documents the rule and not its error. */
function assertSameKind(alias: string, current: KmsKey, target: KmsKey): void {
  if (keyTypeOf(current.spec) === keyTypeOf(target.spec) && current.usage === target.usage) return;
  throw kmsError(
    'ValidationException',
    `${alias} cannot be moved from a ${keyTypeOf(current.spec)} key with usage ${current.usage} to a ${keyTypeOf(target.spec)} key with usage ${target.usage}.`,
  );
}
