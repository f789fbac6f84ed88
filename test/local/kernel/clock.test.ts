import { Timeline } from '../../../local/kernel/clock';

const bug = new Error('a bug');

test.each<[string, () => void | Promise<void>]>([
  ['throws', () => { throw bug; }],
  ['rejects', () => Promise.reject(bug)],
])('what a timer %s fails its driver, for good', async (_how, run) => {
  const timeline = new Timeline(0);
  const later = jest.fn();
  timeline.after(1, 'breaks', run);
  timeline.after(2, 'later', later);
  await expect(timeline.runUntil(5)).rejects.toBe(bug);
  await expect(timeline.settle()).rejects.toBe(bug);
  expect(later).not.toHaveBeenCalled();
});

test.each<[string, () => void | Promise<void>]>([
  ['throws', () => { throw bug; }],
  ['rejects', () => Promise.reject(bug)],
])('what a timer %s is told once to whoever takes it, and time goes on', async (_how, run) => {
  const told = jest.fn();
  const timeline = new Timeline(0, told);
  const later = jest.fn();
  timeline.after(1, 'breaks', run);
  timeline.after(2, 'later', later);
  await timeline.runUntil(5);
  expect(told.mock.calls).toEqual([[bug, 'breaks']]);
  expect(later).toHaveBeenCalledTimes(1);
  expect(timeline.nowMs()).toBe(5);
});
