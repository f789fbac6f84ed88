import type { Caller } from '../kernel/service';
import type { KmsKey, ShownState } from './key';
import type { KeyState } from './key-state-table';
import type { KeyStores } from './key-stores';
import type { KmsOptions } from './options';
import type { Switches } from './switches';

/** Who did something, as the trace tells it. */
export interface Actor {
  readonly actor: string;
  readonly traceId?: string;
}

/** KMS itself, for what its timers do. */
export const KMS_ITSELF: Actor = { actor: 'kms.amazonaws.com' };

export function actorOf({ arn, traceId }: Caller): Actor {
  return { actor: arn, ...(traceId !== undefined && { traceId }) };
}

/** All keys, and the key state of each. */
export class KeyRing {
  private readonly keys = new Map<string, KmsKey>();
  private readonly listeners: ((key: KmsKey) => void)[] = [];

  constructor(
    private readonly options: KmsOptions,
    private readonly switches: Switches,
    private readonly keyStores: KeyStores,
  ) {}

  /** Calls `listener` with every key whose true key state has changed. */
  onStateChange(listener: (key: KmsKey) => void): void {
    this.listeners.push(listener);
  }

  find(keyId: string): KmsKey | undefined {
    return this.keys.get(keyId);
  }

  all(): readonly KmsKey[] {
    return [...this.keys.values()];
  }

  count(): number {
    return this.keys.size;
  }

  /** The true key state; readers may see an older one. */
  stateOf(key: KmsKey): KeyState {
    const { phase } = key.lifecycle;
    if (phase === 'PendingDeletion') return phase;
    if (!key.materials.isComplete()) return 'PendingImport';
    return key.keyStoreId === undefined || this.keyStores.isConnected(key.keyStoreId) ? phase : 'Unavailable';
  }

  add(key: KmsKey, actor: Actor): void {
    this.keys.set(key.id, key);
    this.options.trace.emit({
      type: 'kms.key-created',
      ...actor,
      keyId: key.id,
      keyArn: key.arn,
      spec: key.spec,
      usage: key.usage,
      origin: key.origin,
      tags: Object.fromEntries(key.tags),
    });
    key.shown.write(this.truthOf(key), this.switches.visibilityDelayMs('key', key.id));
  }

  /** Puts a saved key back, of which the trace knows already. */
  restore(key: KmsKey): void {
    this.keys.set(key.id, key);
  }

  /** Applies a change that may alter the key state of `keys`: the trace tells those that did change. */
  change(keys: readonly KmsKey[], actor: Actor, apply: () => void): void {
    const before = keys.map((key) => ({ key, from: this.stateOf(key) }));
    apply();
    for (const { key, from } of before) {
      const truth = this.truthOf(key);
      if (truth.state === from) continue;
      this.options.trace.emit({
        type: 'kms.key-state-changed',
        ...actor,
        keyId: key.id,
        from,
        to: truth.state,
        ...(truth.deletionAtMs !== undefined && { deletionAtMs: truth.deletionAtMs }),
      });
      key.shown.write(truth, this.switches.visibilityDelayMs('key-state', key.id));
      this.tell(key);
    }
  }

  /** The end of a key that was pending deletion, with its material. */
  remove(key: KmsKey, actor: Actor): void {
    this.options.trace.emit({ type: 'kms.key-state-changed', ...actor, keyId: key.id, from: this.stateOf(key), to: 'Deleted' });
    this.keys.delete(key.id);
    this.tell(key);
  }

  private tell(key: KmsKey): void {
    for (const listener of this.listeners) listener(key);
  }

  /** What readers will see once the delay is over. */
  truthOf(key: KmsKey): ShownState {
    const { lifecycle } = key;
    return { state: this.stateOf(key), ...(lifecycle.phase === 'PendingDeletion' && { deletionAtMs: lifecycle.deletionAtMs }) };
  }
}
