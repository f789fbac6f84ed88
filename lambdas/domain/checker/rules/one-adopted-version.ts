import { lineageOfVersion } from '../../lease';
import { parseRotationId } from '../../rotation-id';
import type { Rule } from '../rule';
import { movesOf, type Transition } from '../transitions';

/** Invariant 1: at most one version is adopted per rotation lineage, and one KMS key per version. */
export const oneAdoptedVersion: Rule = ({ options, findings }) => {
  const lineages = findings('1 one adopted version per lineage', 'no version became ACTIVE in a rotation');
  const keys = findings('1 one KMS key per version', 'no version was given a KMS key');
  const adoptedBy = new Map<string, { version: number; seq: number }>();
  const holderOf = new Map<string, { holder: string; seq: number }>();

  function checkLineages(transition: Transition): void {
    const { key, moment, versionsAfter } = transition;
    for (const move of movesOf(transition)) {
      const version = versionsAfter.get(move.version);
      if (move.to !== 'ACTIVE' || version === undefined || version.rotationId === 'adopted') continue;
      lineages.examined();
      const lineage = lineageOfVersion(version);
      if ((version.emergency !== undefined) !== (parseRotationId(version.rotationId)?.kind === 'emergency')) {
        lineages.violated(`${key.name}: v${move.version} was begun by ${version.rotationId}, and its lineage is said to be ${lineage}`, [moment.seq]);
      }
      const id = `${key.table} ${key.name} ${lineage}`;
      const first = adoptedBy.get(id);
      if (first === undefined) adoptedBy.set(id, { version: move.version, seq: moment.seq });
      else if (first.version !== move.version) {
        lineages.violated(`${key.name}: v${move.version} was adopted for ${lineage}, which had adopted v${first.version}`, [first.seq, moment.seq]);
      }
    }
  }

  function checkKmsKeys({ key, moment, versionsBefore, versionsAfter }: Transition): void {
    for (const version of versionsAfter.values()) {
      const old = versionsBefore.get(version.number)?.kmsKeyId;
      if (version.kmsKeyId === old) continue;
      keys.examined();
      const holder = `${key.name} v${version.number}`;
      if (old !== undefined) keys.violated(`${holder} had the KMS key ${old} and now has ${version.kmsKeyId ?? 'none'}`, [holderOf.get(old)?.seq, moment.seq]);
      if (version.kmsKeyId === undefined) continue;
      const other = holderOf.get(version.kmsKeyId);
      if (other !== undefined && other.holder !== holder) {
        keys.violated(`${holder} took the KMS key ${version.kmsKeyId}, which is that of ${other.holder}`, [other.seq, moment.seq]);
      }
      holderOf.set(version.kmsKeyId, { holder, seq: moment.seq });
    }
  }

  return {
    onTransition(transition) {
      if (!options.isKeyturn(transition.actor)) return;
      checkLineages(transition);
      checkKmsKeys(transition);
    },
  };
};
