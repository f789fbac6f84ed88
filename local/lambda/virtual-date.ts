import type { Clock } from '../kernel/clock';

/** A `Date` whose "now" is the virtual clock's; everything else is the real one's, `instanceof` included. */
export function virtualDate(clock: Clock): DateConstructor {
  return new Proxy(Date, {
    apply: () => new Date(clock.nowMs()).toString(),
    construct: (target, args: ConstructorParameters<typeof Date> | [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [clock.nowMs()] : args, newTarget) as Date,
    get: (target, property) => (property === 'now' ? () => clock.nowMs() : (Reflect.get(target, property) as unknown)),
  });
}
