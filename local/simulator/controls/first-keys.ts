import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { ACCOUNT } from '../deployment';
import type { World } from '../world';
import { KEY_TAG } from './rotation-script';

/** The keys that a team has when it begins to rotate: made by hand, tagged for the script, with their aliases. */
export function makeFirstKeys(world: World, policies: readonly KeyPolicy[]): void {
  const founder = { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/founder`, userId: 'AIDAFOUNDER' };
  for (const { name, alias, spec, usage, description, tags } of policies) {
    const made = world.kms.call(
      'CreateKey',
      { KeySpec: spec, KeyUsage: usage, Description: description, Tags: Object.entries({ ...tags, [KEY_TAG]: name }).map(([TagKey, TagValue]) => ({ TagKey, TagValue })) },
      founder,
    ) as { readonly KeyMetadata: { readonly KeyId: string } };
    world.kms.call('CreateAlias', { AliasName: alias, TargetKeyId: made.KeyMetadata.KeyId }, founder);
  }
}
