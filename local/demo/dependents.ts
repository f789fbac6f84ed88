import { acknowledge } from '../../cli/acknowledge';
import type { DependentPolicy } from '../../lambdas/contract/key-policy';
import { EVENTS } from '../../lambdas/contract/names';
import type { BusEvent } from '../eventbridge/eventbridge-service';
import type { LocalCloud } from '../cloud/local-cloud';
import type { Consumer } from './consumers';
import type { Tally } from './tally';

const HOUR_MS = 3_600_000;

/** What an event of keyturn says, as far as a dependent reads it. */
interface Announcement {
  readonly key: string;
  readonly dependent: string;
  readonly phase: 'ready' | 'released';
  readonly version: number;
  readonly acknowledgementId: string;
  readonly acknowledgeUrl: string;
}

/**
 * A service that listens for keyturn's events and acknowledges as `keyturn ack` does, signed as its own role: `ready` after an
 * hour, `released` once it needs nothing of the old version any more.
 */
export function listen(cloud: LocalCloud, key: string, dependent: DependentPolicy & { readonly kind: 'event' }, consumer: Consumer, tally: Tally): void {
  const credentials = cloud.credentialsFor(dependent.principal);
  cloud.events.onEvent((event: BusEvent) => {
    const said = event.source === EVENTS.source ? (event.detail as unknown as Announcement) : undefined;
    if (said?.key !== key || said.dependent !== dependent.name) return;
    cloud.timeline.after(HOUR_MS, `${dependent.name} answers`, async () => {
      if (said.phase === 'released') await consumer.moveToActiveVersion();
      await tally.count(`${dependent.name} acknowledges`, () =>
        acknowledge({ acknowledgementId: said.acknowledgementId, keyVersion: said.version, verdict: 'yes' }, said.acknowledgeUrl, { credentials, region: cloud.region }),
      );
    });
  });
}
