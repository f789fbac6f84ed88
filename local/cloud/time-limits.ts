/** How far virtual time can be advanced at once: a hundred years. */
export const MAX_ADVANCE_DAYS = 36_500;
export const MAX_ADVANCE_MS = MAX_ADVANCE_DAYS * 86_400_000;

/** The last moment whose year has four digits, as every time stamp of AWS has; ms since the epoch. */
export const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
