import { AdvanceRefused, Pace, PaceStopped, type Speed } from '../../../local/cloud/pace';
import { LAST_INSTANT_MS } from '../../../local/cloud/time-limits';
import { Timeline } from '../../../local/kernel/clock';
import { FakeWall, quiet } from './fake-wall';

const HOUR = 3_600_000;

let timeline: Timeline;
let wall: FakeWall;
let happened: string[];
let stop: (() => Promise<void>) | undefined;

beforeEach(() => {
  timeline = new Timeline(0);
  wall = new FakeWall();
  happened = [];
});
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** A pace that drives; the test ends it. */
async function drive(speed: Speed): Promise<Pace> {
  const pace = new Pace(timeline, wall, speed);
  const driving = pace.drive();
  stop = async () => {
    pace.stop();
    await driving;
  };
  await quiet();
  return pace;
}

const note = (what: string) => () => void happened.push(`${what} at ${timeline.nowMs()}`);
const at = (ms: number, what: string): void => void timeline.after(ms - timeline.nowMs(), what, note(what));

/** What a client's request is to the timeline: an activity. */
function request(): { end: () => Promise<void> } {
  let done: () => void = () => undefined;
  void timeline.track(new Promise<void>((resolve) => (done = resolve)));
  return { end: async () => { done(); await quiet(); } };
}

describe('jumping', () => {
  test('goes to the next due event, one jump per pause', async () => {
    at(HOUR, 'a');
    at(5 * HOUR, 'b');
    await drive('jump');
    expect(happened).toEqual([]);
    await wall.pass(50);
    expect(happened).toEqual(['a at 3600000']);
    await wall.pass(49);
    expect(happened).toHaveLength(1);
    await wall.pass(1);
    expect(happened).toEqual(['a at 3600000', 'b at 18000000']);
  });

  test('stands still when nothing is due, and goes on when something is', async () => {
    await drive('jump');
    await wall.pass(10_000);
    expect(timeline.nowMs()).toBe(0);
    at(HOUR, 'a');
    await wall.pass(50);
    expect(happened).toEqual(['a at 3600000']);
  });

  test('plays what a request starts at once, without waiting for the pause', async () => {
    await drive('jump');
    at(0, 'started by a request');
    await quiet();
    expect(happened).toEqual(['started by a request at 0']);
  });

  test('never jumps while a request is under way', async () => {
    at(HOUR, 'a');
    await drive('jump');
    const half = request();
    await wall.pass(1000);
    expect([timeline.nowMs(), happened]).toEqual([0, []]);
    await half.end();
    await wall.pass(50);
    expect(happened).toEqual(['a at 3600000']);
  });

  test('is not held up by clients that ask all the time', async () => {
    at(HOUR, 'a');
    await drive('jump');
    for (let count = 0; count < 5; count++) {
      await wall.pass(10);
      await request().end();
    }
    expect(happened).toEqual(['a at 3600000']);
  });
});

describe('at a speed', () => {
  test('passes so many virtual seconds per real second, and what is due happens at its time', async () => {
    at(90_000, 'a');
    await drive(3600);
    await wall.pass(25);
    expect([timeline.nowMs(), happened]).toEqual([90_000, ['a at 90000']]);
    await wall.pass(975);
    expect(timeline.nowMs()).toBe(HOUR);
  });

  test('in real time loses nothing of a millisecond', async () => {
    await drive(1);
    for (let count = 0; count < 100; count++) await wall.pass(50.25);
    expect(timeline.nowMs()).toBe(5025);
  });

  test('slower than real time moves by whole milliseconds', async () => {
    await drive(0.001);
    await wall.pass(999);
    expect(timeline.nowMs()).toBe(0);
    await wall.pass(1);
    expect(timeline.nowMs()).toBe(1);
  });

  test('0 stands still until it is advanced', async () => {
    at(HOUR, 'a');
    const pace = await drive(0);
    await wall.pass(1_000_000);
    expect(happened).toEqual([]);
    at(0, 'now');
    await quiet();
    expect(happened).toEqual(['now at 0']);
    expect(await pace.advance(2 * HOUR)).toBe(2 * HOUR);
    expect(happened).toEqual(['now at 0', 'a at 3600000']);
  });

  test('does not count the real time that an advance took', async () => {
    const pace = await drive(1);
    timeline.after(500, 'slow', () => { void timeline.track(wall.pass(60_000)); });
    await pace.advance(1000);
    expect(timeline.nowMs()).toBe(1000);
    await wall.pass(50);
    expect(timeline.nowMs()).toBe(1050);
  });
});

describe('advances', () => {
  test('queue: the second begins where the first ended', async () => {
    const pace = await drive(0);
    at(HOUR, 'a');
    at(3 * HOUR, 'b');
    expect(await Promise.all([pace.advance(2 * HOUR), pace.advance(2 * HOUR)])).toEqual([2 * HOUR, 4 * HOUR]);
    expect(happened).toEqual(['a at 3600000', 'b at 10800000']);
  });

  test('say how far they go while they run', async () => {
    const pace = await drive(0);
    let seen: number | undefined;
    timeline.after(HOUR, 'look', () => { seen = pace.advancingUntil; });
    await pace.advance(2 * HOUR);
    expect([seen, pace.advancingUntil]).toEqual([2 * HOUR, undefined]);
  });

  test('let in what waits for quiet, between two events', async () => {
    const pace = await drive(0);
    let quietAt: Promise<number> | undefined;
    timeline.after(HOUR, 'ask', () => { quietAt = pace.whenQuiet(() => timeline.nowMs()); });
    at(2 * HOUR, 'b');
    await pace.advance(3 * HOUR);
    expect(await quietAt).toBe(HOUR);
  });

  test('end before the next event when they are cancelled, and the next one goes on', async () => {
    const pace = await drive(0);
    const client = new AbortController();
    timeline.after(HOUR, 'leave', () => { client.abort(); });
    at(2 * HOUR, 'b');
    await expect(pace.advance(3 * HOUR, client.signal)).rejects.toThrow(AdvanceRefused);
    expect([timeline.nowMs(), happened, pace.advancingUntil]).toEqual([HOUR, [], undefined]);
    expect(await pace.advance(HOUR)).toBe(2 * HOUR);
  });

  test('do not begin when they are cancelled while they wait', async () => {
    const pace = await drive(0);
    const client = new AbortController();
    const [first, second] = [pace.advance(HOUR), pace.advance(HOUR, client.signal)];
    client.abort();
    await expect(second).rejects.toThrow('The advance was cancelled.');
    expect([await first, timeline.nowMs()]).toEqual([HOUR, HOUR]);
  });

  test('beyond the last date of four digits are refused', async () => {
    const pace = await drive(0);
    await expect(pace.advance(LAST_INSTANT_MS + 1)).rejects.toThrow('Virtual time ends with 9999-12-31T23:59:59.999Z.');
    expect(timeline.nowMs()).toBe(0);
  });

  test('wait for the request that came first', async () => {
    const pace = await drive(0);
    const half = request();
    const advanced = pace.advance(HOUR);
    await quiet();
    expect(timeline.nowMs()).toBe(0);
    await half.end();
    expect(await advanced).toBe(HOUR);
  });

  test('end where they are when the pace is stopped', async () => {
    const pace = await drive(0);
    timeline.after(HOUR, 'stop', () => { pace.stop(); });
    at(2 * HOUR, 'never');
    const waiting = pace.advance(4 * HOUR);
    const queued = pace.advance(HOUR);
    await expect(waiting).rejects.toThrow(PaceStopped);
    await expect(queued).rejects.toThrow(PaceStopped);
    await expect(pace.advance(1)).rejects.toThrow(PaceStopped);
    expect([timeline.nowMs(), happened]).toEqual([HOUR, []]);
  });
});

describe('quiet moments', () => {
  test('come when no request is under way and nothing is due', async () => {
    const pace = await drive(0);
    const half = request();
    const looked = pace.whenQuiet(() => timeline.isBusy());
    at(0, 'due');
    await quiet();
    await half.end();
    expect([await looked, happened]).toEqual([false, ['due at 0']]);
  });

  test('pass on what went wrong in them, and the pace goes on', async () => {
    const pace = await drive(0);
    await expect(pace.whenQuiet(() => { throw new Error('no'); })).rejects.toThrow('no');
    expect(await pace.advance(1)).toBe(1);
  });
});

test('a failure of the emulation ends the drive and every advance with its error', async () => {
  const pace = new Pace(timeline, wall, 0);
  const failure = new Error('a bug');
  timeline.after(HOUR, 'fails', () => { throw failure; });
  const driving = pace.drive();
  const advances = [pace.advance(2 * HOUR), pace.advance(HOUR)];
  const outcomes = await Promise.allSettled([driving, ...advances]);
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : undefined))).toEqual([failure, failure, failure]);
  await expect(pace.advance(1)).rejects.toThrow(PaceStopped);
});

test('a second driver is refused', async () => {
  const first = timeline.runUntil(HOUR);
  await expect(timeline.settle()).rejects.toThrow('Two drivers');
  await first;
});
