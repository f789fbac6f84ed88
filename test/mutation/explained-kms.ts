import type { Explained } from './judge';
import { FOR_THE_TYPE } from './reasons';

/** Changes of one file of the adapter for one reason. */
const inFile = (name: string, why: string, changes: readonly Pick<Explained, 'code' | 'change' | 'count'>[]): readonly Explained[] =>
  changes.map((change) => ({ file: `lambdas/adapters/kms/${name}.ts`, ...change, verdict: 'equivalent', why }));

export const KMS: readonly Explained[] = [
  ...inFile('errors', 'neither is the code of an error', [
    { code: "if (!isServiceError(error)) return NEVER_CONNECTED.includes(codeOf(error) ?? '') ? THROTTLED : OUTCOME_UNKNOWN;", change: `'' => "Stryker was here!"` },
  ]),
  ...inFile('grants', `${FOR_THE_TYPE}the text of what is undefined is no host name`, [
    { code: 'return principal !== undefined && /^[a-z0-9-]+(\\.[a-z0-9-]+)+$/.test(principal);', change: 'principal !== undefined => true' },
  ]),
  ...inFile('grants', 'no principal only begins as a host name: an ARN has a colon before its first dot, and a bare id no dot', [
    { code: 'return principal !== undefined && /^[a-z0-9-]+(\\.[a-z0-9-]+)+$/.test(principal);', change: '/^[a-z0-9-]+(\\.[a-z0-9-]+)+$/ => /^[a-z0-9-]+(\\.[a-z0-9-]+)+/' },
  ]),
  ...inFile('grants', `${FOR_THE_TYPE}a grant that can be carried has a grantee`, [
    { code: "GranteePrincipal: present(grant.GranteePrincipal, 'GranteePrincipal'),", change: `'GranteePrincipal' => ""` },
  ]),
  ...inFile('kms-key-provider', "a key's ARN has one slash", [
    {
      code: "found.push({ keyArn, keyId: keyArn.split('/').at(-1) ?? '', tags: Object.fromEntries((resource.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])) });",
      change: '-1 => +1',
    },
  ]),
  ...inFile('kms-key-provider', `${FOR_THE_TYPE}what is split has a last part`, [
    {
      code: "found.push({ keyArn, keyId: keyArn.split('/').at(-1) ?? '', tags: Object.fromEntries((resource.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])) });",
      change: `'' => "Stryker was here!"`,
    },
  ]),
  ...inFile('kms-key-provider', 'the name of a member that is there is not told', [
    { code: "lastUsedAt: lastUsed === undefined ? null : instantAt(lastUsed, 'Timestamp'),", change: `'Timestamp' => ""` },
  ]),
  ...inFile('local-crypto', 'Node looks at padding and salt for RSA keys alone', [
    { code: "return scheme === 'rsa-pss' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : key;", change: "scheme === 'rsa-pss' => true" },
  ]),
  ...inFile('local-crypto', `${FOR_THE_TYPE}Node has details of every public key`, [
    { code: 'if (publicKey?.asymmetricKeyDetails?.namedCurve !== curve.openSslName) return undefined;', change: 'publicKey?.asymmetricKeyDetails?.namedCurve => publicKey?.asymmetricKeyDetails.namedCurve' },
  ]),
  ...inFile('local-crypto', 'without its return it returns the same', [{ code: '} catch {', change: '{ return undefined; } => {}' }]),
  ...inFile('observed-key', 'the name of a member that is there is not told', [
    { code: "...(metadata.DeletionDate !== undefined && { deletionAt: instantAt(metadata.DeletionDate, 'DeletionDate') }),", change: `'DeletionDate' => ""` },
  ]),
  ...inFile('proof-algorithms', 'only `none` and `rsa-pss` are told apart', [
    { change: `'ecdsa' => ""`, count: 4 },
    { change: `'eddsa' => ""` },
  ]),
  ...inFile('proof', `${FOR_THE_TYPE}each round trip names a key`, [
    { code: "if (keyId === undefined || others.length > 0) throw new TaskError('ProofFailed', `${what} should use one key, and used ${[...keyIds].join(', ')}`);", change: 'keyId === undefined => false' },
  ]),
];
