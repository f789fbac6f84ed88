/** What can be measured, and what by default is. */
export const PARTS = {
  world: 'rotations per second in the simulator, without a wire',
  local: 'rotations per second in the local AWS',
  calls: 'calls per second, in-process and over HTTP',
} as const;
export type Part = keyof typeof PARTS;
