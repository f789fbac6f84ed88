/** What can be measured, and what by default is. */
export const PARTS = {
  world: 'bootstraps, rotations and calls per second in the simulator, with clients of the SDK and with direct ones',
  local: 'rotations per second in the local AWS',
  calls: 'calls per second, in-process and over HTTP',
} as const;
export type Part = keyof typeof PARTS;
