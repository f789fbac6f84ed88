import { CustomResource, Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { createHash } from 'node:crypto';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';

/** The file beside the handler of `register-keys` that holds the normalized policies. They travel with the code, because a template is limited to 1 MB. */
export const POLICIES_FILE = 'keyturn.keys.json';

/** The normalized policies as the bytes that are deployed, and their identity. */
export interface PoliciesFile {
  readonly text: string;
  /** SHA-256 in hex. */
  readonly hash: string;
}

export function policiesFileOf(policies: readonly KeyPolicy[]): PoliciesFile {
  const text = `${JSON.stringify(policies, null, 2)}\n`;
  return { text, hash: createHash('sha256').update(text).digest('hex') };
}

export interface KeyRegistrationProps {
  readonly registerKeys: IFunction;
  readonly policies: PoliciesFile;
  readonly registryId: string;
}

/** Writes the policies into the registry at deploy. The hash makes CloudFormation call again when they change. */
export class KeyRegistration extends CustomResource {
  constructor(scope: Construct, id: string, { registerKeys, policies, registryId }: KeyRegistrationProps) {
    super(scope, id, {
      resourceType: 'Custom::KeyturnKeys',
      serviceToken: registerKeys.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { configHash: policies.hash, registryId },
    });
  }
}
