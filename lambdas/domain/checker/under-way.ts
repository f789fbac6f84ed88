import { QUIESCENCE_SECONDS } from '../../contract/timing';
import type { TraceEvent } from '../trace';
import type { Inquiry } from './rule';
import type { Moment } from './world';

const UNDER_WAY_MS = QUIESCENCE_SECONDS * 1000;

/** Whether an event is of a function that ran already when somebody restored the table: it works for the registry as it was. */
export function isUnderWaySince(event: TraceEvent, restored: Moment, firstSeqOf: Inquiry['firstSeqOf']): boolean {
  return (firstSeqOf(event.traceId) ?? event.seq) < restored.seq && event.atMs - restored.atMs <= UNDER_WAY_MS;
}
