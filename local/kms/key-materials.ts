import { createHash } from 'node:crypto';
import type { KeySpec } from '../../lambdas/contract/key-specs';
import type { Cryptography, KeyMaterial, Secret } from './cryptography/material';

export type KeyOrigin = 'AWS_KMS' | 'EXTERNAL' | 'AWS_CLOUDHSM';
export type RotationType = 'AUTOMATIC' | 'ON_DEMAND';

/** What is saved of one key material. */
export interface MaterialRecord {
  /** 64 hexadecimal digits for symmetric keys outside of key stores, which can have several materials; else nothing. */
  readonly id: string;
  /** Not there: of a key that KMS makes, not made yet; of an imported one, deleted or expired. */
  readonly secret?: Secret | undefined;
  /** The rotation that made this material the current one. */
  readonly rotation?: { readonly type: RotationType; readonly atMs: number } | undefined;
  /** When imported material expires, ms since the epoch. */
  readonly expiresAtMs?: number | undefined;
  /** What who imported it said of it. */
  readonly description?: string | undefined;
}

export interface SavedMaterials {
  readonly associated: readonly MaterialRecord[];
  readonly pending?: MaterialRecord | undefined;
}

/** What the materials of a key are made for. */
export interface MaterialsOwner {
  readonly keyId: string;
  readonly spec: KeySpec;
  readonly origin: KeyOrigin;
}

/** The cryptography of one material, and its id. */
export interface OpenMaterial {
  readonly id: string;
  readonly material: KeyMaterial;
}

/**
 * The key materials of one key: those that it was ever rotated to, the current one last, and an imported one that waits for its rotation.
 * Decryption needs all of them; everything else uses the current one.
 */
export class KeyMaterials {
  private associated: MaterialRecord[] = [];
  private waiting: MaterialRecord | undefined;
  /** By material id: opening a key costs more than using it. */
  private readonly opened = new Map<string, OpenMaterial>();

  constructor(
    private readonly owner: MaterialsOwner,
    private readonly cryptography: Cryptography,
    saved?: SavedMaterials,
  ) {
    if (saved !== undefined) {
      this.associated = [...saved.associated];
      this.waiting = saved.pending;
    } else if (owner.origin !== 'EXTERNAL') {
      this.associated = [{ id: this.newId() }];
    }
  }

  saved(): SavedMaterials {
    return { associated: this.associated, ...(this.waiting !== undefined && { pending: this.waiting }) };
  }

  get current(): MaterialRecord | undefined {
    return this.associated.at(-1);
  }

  /** Imported and not yet used: `PENDING_ROTATION`. */
  get pending(): MaterialRecord | undefined {
    return this.waiting;
  }

  /** The materials that belong to the key for good, the first one first. */
  all(): readonly MaterialRecord[] {
    return this.associated;
  }

  find(id: string): MaterialRecord | undefined {
    return this.associated.find((candidate) => candidate.id === id) ?? (this.waiting?.id === id ? this.waiting : undefined);
  }

  /** Whether the key can be used: every imported material that it was ever used with is there. */
  isComplete(): boolean {
    return this.owner.origin !== 'EXTERNAL' || (this.associated.length > 0 && this.associated.every(({ secret }) => secret !== undefined));
  }

  /** When the first of the imported materials expires, if any does. */
  expiresAtMs(): number | undefined {
    const moments = [...this.associated, ...(this.waiting === undefined ? [] : [this.waiting])].flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  /** The current material, made now if it never was. */
  open(): OpenMaterial {
    const { current } = this;
    const open = current && this.openById(current.id);
    if (open === undefined) throw new Error(`The key ${this.owner.keyId} has no key material`);
    return open;
  }

  /** `undefined` for a material that the key does not have. */
  openById(id: string): OpenMaterial | undefined {
    const known = this.opened.get(id);
    if (known !== undefined) return known;
    const record = this.associated.find((candidate) => candidate.id === id);
    if (record === undefined) return undefined;
    let { secret } = record;
    if (secret === undefined) {
      if (this.owner.origin === 'EXTERNAL') return undefined;
      secret = this.cryptography.generate(this.owner.spec);
      this.replace(id, { ...record, secret });
    }
    const material = this.cryptography.open(this.owner.spec, secret);
    if (material === undefined) throw new Error(`The key material ${id} of ${this.owner.keyId} is none for ${this.owner.spec}`);
    const open = { id, material };
    this.opened.set(id, open);
    return open;
  }

  /** The id that this secret would have, or `undefined` when it is no secret of a key of this spec. */
  idOf(secret: Secret): string | undefined {
    const material = this.cryptography.open(this.owner.spec, secret);
    if (material === undefined) return undefined;
    return createHash('sha256').update(this.owner.keyId).update(material.publicKey ?? secret).digest('hex');
  }

  /** Puts an imported material in: one that the key has takes the new secret and terms, another becomes current or waits for its rotation. */
  put(record: MaterialRecord): void {
    const known = this.find(record.id);
    const merged = { ...record, rotation: known?.rotation, description: record.description ?? known?.description };
    if (known !== undefined) this.replace(record.id, merged);
    else if (this.associated.length === 0) this.associated.push(merged);
    else this.waiting = merged;
  }

  /** Deletes the secret of an imported material; one that waits for its rotation goes as a whole. */
  forget(id: string): void {
    if (this.waiting?.id === id) this.waiting = undefined;
    else {
      const record = this.associated.find((candidate) => candidate.id === id);
      if (record !== undefined) this.replace(id, { ...record, secret: undefined, expiresAtMs: undefined });
    }
    this.opened.delete(id);
  }

  /** Makes the waiting material current; a key that KMS makes gets a new one. */
  rotate(type: RotationType, atMs: number): void {
    const next = this.waiting ?? { id: this.newId() };
    this.waiting = undefined;
    this.associated.push({ ...next, rotation: { type, atMs } });
  }

  private replace(id: string, record: MaterialRecord): void {
    if (this.waiting?.id === id) this.waiting = record;
    this.associated = this.associated.map((candidate) => (candidate.id === id ? record : candidate));
  }

  private newId(): string {
    const { keyId, spec, origin } = this.owner;
    if (spec !== 'SYMMETRIC_DEFAULT' || origin !== 'AWS_KMS') return '';
    const count = this.associated.length;
    return createHash('sha256').update(count === 0 ? keyId : `${keyId}/${String(count)}`).digest('hex');
  }
}
