import { consumerCall } from '../simulator/consumer-call';
import { ACCOUNT } from '../simulator/deployment';
import type { World } from '../simulator/world';

const HOUR_MS = 3_600_000;

/** How often it works. */
export const WORKS_EVERY_MS = 2 * HOUR_MS;

/** It reads what it has sealed for so long: less than the drain that was promised. */
const KEEPS_MS = 72 * HOUR_MS;

interface Message {
  readonly sealedMs: number;
  readonly blob: string;
}

export const CONSUMER_ROLE = 'orders-api';

/**
 * A service with a queue: it seals messages through the alias, and opens its oldest and its newest one, all the time. One that caches looks the alias up every so
 * often only, and seals with the key id meanwhile.
 */
export class Consumer {
  private queue: Message[] = [];
  private cached: { readonly keyId: string; readonly sinceMs: number } | undefined;
  private readonly caller;

  /** @param cachesMs 0: it never caches */
  constructor(
    private readonly world: World,
    private readonly alias: string,
    name: string,
    private readonly cachesMs: number,
  ) {
    this.caller = { accountId: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${CONSUMER_ROLE}/${name}`, userId: `AROACONSUMER:${name}` };
  }

  work(): void {
    const nowMs = this.world.timeline.nowMs();
    const sealed = this.call('Encrypt', { KeyId: this.target(nowMs), Plaintext: Buffer.from('a message').toString('base64') }) as { readonly CiphertextBlob: string } | undefined;
    if (sealed !== undefined) this.queue.push({ sealedMs: nowMs, blob: sealed.CiphertextBlob });
    this.queue = this.queue.filter(({ sealedMs }) => nowMs - sealedMs <= KEEPS_MS);
    for (const message of new Set([this.queue[0], this.queue.at(-1)])) if (message !== undefined) this.call('Decrypt', { CiphertextBlob: message.blob });
  }

  private target(nowMs: number): string {
    if (this.cachesMs === 0) return this.alias;
    if (this.cached === undefined || nowMs - this.cached.sinceMs >= this.cachesMs) {
      const answer = this.call('DescribeKey', { KeyId: this.alias }) as { readonly KeyMetadata: { readonly KeyId: string } } | undefined;
      this.cached = answer === undefined ? undefined : { keyId: answer.KeyMetadata.KeyId, sinceMs: nowMs };
    }
    return this.cached?.keyId ?? this.alias;
  }

  private call(operation: string, input: object): unknown {
    return consumerCall(this.world, this.caller, operation, input);
  }
}
