import { CreateGrantCommand, KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { KmsKeyProvider } from '../../../lambdas/adapters/kms/kms-key-provider';
import { LAST_USAGE_LAG_SECONDS } from '../../../lambdas/contract/timing';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { KmsService } from '../../../local/kms/kms-service';
import type { KmsOptions } from '../../../local/kms/options';
import { TaggingService } from '../../../local/tagging/tagging-service';
import { createDispatch } from '../../../local/wire/dispatch';
import type { Interceptor } from '../../../local/wire/message';
import { inProcessHandler } from '../../../local/wire/transport';
import type { KeyProviderSubject } from '../../contracts/key-provider';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const CALLER = { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:role/keyturn`, userId: 'AROAEXAMPLE' };
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'account', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }],
});

export interface LocalKms extends KeyProviderSubject {
  readonly keys: KmsKeyProvider;
  readonly kms: KmsService;
  readonly timeline: Timeline;
  /** Stands between the SDK and KMS; replace it to break calls. */
  intercept: Interceptor;
}

/** The provider with real SDK clients, over the local KMS in this process. */
export function localKms(options: Partial<Pick<KmsOptions, 'visibilityDelayMs' | 'requestQuotas'>> = {}): LocalKms {
  // KMS tracks the last usage since 2026-04-23.
  const timeline = new Timeline(Date.UTC(2026, 5, 1));
  const trace = new Trace(timeline);
  let ids = 0;
  const newId = (): string => `00000000-0000-4000-9000-${String(++ids).padStart(12, '0')}`;
  const kms = new KmsService({ timeline, trace, accountId: ACCOUNT, region: REGION, newId, onEvent: () => undefined, ...options });
  const dispatch = createDispatch({
    services: { kms, tagging: new TaggingService(() => kms.snapshot().keys) },
    credentials: { find: () => ({ ...CREDENTIALS, caller: CALLER }) },
    authorize: () => undefined,
    trace,
    nextRequestId: newId,
    intercept: (call, next) => local.intercept(call, next),
  });
  // One attempt everywhere: the SDK's own retries would wait on real timers.
  const config = { region: REGION, credentials: CREDENTIALS, maxAttempts: 1, requestHandler: inProcessHandler(dispatch) };
  const client = new KMSClient(config);
  const local: LocalKms = {
    keys: new KmsKeyProvider({ kms: client, tagging: new ResourceGroupsTaggingAPIClient(config) }),
    kms,
    timeline,
    policy: POLICY,
    intercept: (_call, next) => next(),
    async grant(keyId, granteePrincipal) {
      await client.send(new CreateGrantCommand({ KeyId: keyId, GranteePrincipal: granteePrincipal, Operations: ['Decrypt'] }));
    },
    async settle() {
      await timeline.runUntil(timeline.nowMs() + 2 * LAST_USAGE_LAG_SECONDS * 1000);
    },
  };
  return local;
}
