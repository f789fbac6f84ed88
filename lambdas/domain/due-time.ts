import { earliest } from './instant';
import type { ManagedKey } from './managed-key';

/** The index's time is the earliest that something may start at: the next window, the next retirement run, or an emergency that is not done. */
export function withDueTime(key: ManagedKey): ManagedKey {
  const { rotationDueAt, retirementDueAt, emergency } = key;
  const others = [retirementDueAt, emergency === null || emergency.isDone ? null : emergency.dueAt].filter((at) => at !== null);
  return { ...key, dueAt: others.reduce(earliest, rotationDueAt) };
}
