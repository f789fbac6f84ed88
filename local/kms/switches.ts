import { z } from 'zod';
import { AwsError } from '../kernel/aws-error';
import { CONNECTION_ERROR_CODES, CONNECTION_STATES, type ConnectionErrorCode, type ConnectionState } from './key-stores';
import { type Durations, type KmsOptions, LAGGING_THINGS, type LaggingThing } from './options';
import { DEFAULT_REQUEST_QUOTAS } from './request-quotas';

/** AWS's own delays end within a day: a longer one is a mistake in the unit. */
const MAX_MS = 86_400_000;
const milliseconds = z.int().min(0).max(MAX_MS);

const DURATIONS = ['deletionDelayMs', 'keyStoreConnectMs', 'keyStoreDisconnectMs', 'onDemandRotationMs'] as const satisfies readonly (keyof Durations)[];

const keyStoreSwitches = z.strictObject({
  connectionState: z.enum(CONNECTION_STATES).optional(),
  /** Why the connection has failed: with `connectionState: FAILED` only. */
  connectionErrorCode: z.enum(CONNECTION_ERROR_CODES).optional(),
  /** With what every later `ConnectCustomKeyStore` fails; `null` lets it succeed. */
  failsToConnectWith: z.enum(CONNECTION_ERROR_CODES).nullable().optional(),
});

const switchesInput = z.strictObject({
  /** How long readers do not see a write. */
  visibilityDelayMs: z.partialRecord(z.enum(LAGGING_THINGS), milliseconds).optional(),
  /** `off`, AWS's `default` ones, or requests per second by operation. */
  requestQuotas: z.union([z.enum(['off', 'default']), z.record(z.string().regex(/^[A-Z][A-Za-z]+$/, 'must be the name of an operation'), z.int().min(0))]).optional(),
  ...(Object.fromEntries(DURATIONS.map((name) => [name, milliseconds.optional()])) as Record<(typeof DURATIONS)[number], z.ZodOptional<typeof milliseconds>>),
  /** By id. */
  keyStores: z
    .record(z.string(), keyStoreSwitches.refine((store) => store.connectionErrorCode === undefined || store.connectionState === 'FAILED', 'connectionErrorCode goes with the connectionState FAILED'))
    .optional(),
});

/** What is switched, as `configure` takes it. */
export type SwitchesInput = z.output<typeof switchesInput>;

/** What is switched, as `switches()` tells it. */
export interface SwitchesReading extends Required<Durations> {
  readonly visibilityDelayMs: Readonly<Record<LaggingThing, number>>;
  readonly requestQuotas: Readonly<Record<string, number>> | 'off';
  readonly keyStores: Readonly<Record<string, { readonly connectionState: ConnectionState; readonly connectionErrorCode?: ConnectionErrorCode; readonly failsToConnectWith: ConnectionErrorCode | null }>>;
}

/** What is saved of the switches: what was switched since the start. */
export const savedSwitches = switchesInput.omit({ keyStores: true });
export type SavedSwitches = z.output<typeof savedSwitches>;

/** @throws {AwsError} `ValidationException`, naming every member that is wrong. */
export function parseSwitches(input: unknown): SwitchesInput {
  const parsed = switchesInput.safeParse(input);
  if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
}

/** How this KMS behaves where AWS is free to: as it was made, or as it was switched since. */
export class Switches {
  private switched: SavedSwitches = {};

  constructor(private readonly options: KmsOptions) {}

  /** Applies what is given and leaves the rest as it was. */
  apply({ visibilityDelayMs, ...others }: SavedSwitches): void {
    this.switched = {
      ...this.switched,
      ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
      visibilityDelayMs: { ...this.switched.visibilityDelayMs, ...visibilityDelayMs },
    };
  }

  saved(): SavedSwitches {
    return this.switched;
  }

  /** @param name key id, alias with its prefix, or grant id */
  visibilityDelayMs(what: LaggingThing, name: string): number {
    return this.switched.visibilityDelayMs?.[what] ?? this.options.visibilityDelayMs?.(what, name) ?? 0;
  }

  durationMs(name: keyof Durations): number {
    return this.switched[name] ?? this.options[name] ?? 0;
  }

  /** Requests per second by operation. */
  requestQuotas(): Readonly<Record<string, number>> {
    const { requestQuotas } = this.switched;
    if (requestQuotas === undefined) return this.options.requestQuotas ?? {};
    if (requestQuotas === 'off') return {};
    return requestQuotas === 'default' ? DEFAULT_REQUEST_QUOTAS : requestQuotas;
  }

  read(): Omit<SwitchesReading, 'keyStores'> {
    const quotas = this.requestQuotas();
    return {
      visibilityDelayMs: { key: this.visibilityDelayMs('key', ''), 'key-state': this.visibilityDelayMs('key-state', ''), alias: this.visibilityDelayMs('alias', ''), grant: this.visibilityDelayMs('grant', '') },
      requestQuotas: Object.keys(quotas).length === 0 ? 'off' : quotas,
      deletionDelayMs: this.durationMs('deletionDelayMs'),
      keyStoreConnectMs: this.durationMs('keyStoreConnectMs'),
      keyStoreDisconnectMs: this.durationMs('keyStoreDisconnectMs'),
      onDemandRotationMs: this.durationMs('onDemandRotationMs'),
    };
  }
}
