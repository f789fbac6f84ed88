import type { KeyVersion } from '../../managed-key';
import type { Rule } from '../rule';

/** Invariant 2: once a key is bootstrapped, exactly one version is ACTIVE, and keyturn never makes its KMS key unusable. */
export const oneActiveVersion: Rule = ({ world, options, findings }) => {
  const active = findings('2 exactly one ACTIVE version', 'keyturn wrote no key that has an ACTIVE version');
  const usable = findings('2 the ACTIVE key stays usable', "keyturn changed no KMS key's state");

  return {
    onTransition({ key, actor, meta, moment, versionsBefore, versionsAfter }) {
      if (meta === undefined || !options.isKeyturn(actor)) return;
      const [before, after] = [activeNumbers(versionsBefore), activeNumbers(versionsAfter)];
      const isBootstrapped = key.isBootstrapped || before.length > 0;
      if (isBootstrapped || after.length > 0) active.examined();
      // Who leaves the set as it was is not to blame for it.
      if (before.join() === after.join()) return;
      if (after.length > 1 || (after.length === 0 && isBootstrapped)) {
        active.violated(`${key.name} has ${after.length} ACTIVE versions (${list(after)}); before it had ${list(before)}`, [key.metaSeq, moment.seq]);
      }
    },
    onEvent(event) {
      if (event.type !== 'kms.key-state-changed' || !options.isKeyturn(event.actor)) return;
      usable.examined();
      // A deletion that is cancelled leaves the key Disabled: one step towards its use, not away from it.
      if (event.to === 'Enabled' || event.from === 'PendingDeletion') return;
      const owner = world.versionOfKmsKey(event.keyId);
      const isPromoting = owner?.key.meta?.intent?.kind === 'promote' && owner.key.meta.intent.toKeyId === event.keyId;
      if (owner !== undefined && (owner.version.status === 'ACTIVE' || isPromoting)) {
        usable.violated(`${owner.key.name}: keyturn made ${event.keyId} of v${owner.version.number} ${event.to} while it is ${isPromoting ? 'being promoted' : 'ACTIVE'}`, [
          owner.key.metaSeq,
          event.seq,
        ]);
      }
    },
  };
};

function activeNumbers(versions: ReadonlyMap<number, KeyVersion>): number[] {
  return [...versions.values()].filter((version) => version.status === 'ACTIVE').map((version) => version.number);
}

function list(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'none' : numbers.map((number) => `v${number}`).join(', ');
}
