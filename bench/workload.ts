import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../local/demo/synthesize';

const DAY_MS = 86_400_000;

/** Versions are deleted, nobody has to acknowledge: the longest rotation that needs nobody. */
const KEYS = 10;
const CONFIGURATION = {
  startEvery: '6h',
  keys: Array.from({ length: KEYS }, (_, index) => ({
    name: `bench-${index}`,
    owner: 'bench',
    rotateEvery: '20d',
    anchor: '2027-01-01T00:00:00Z',
    drain: '4d',
    bake: '2d',
    retirement: 'delete',
    autoDelete: true,
  })),
};

/** Virtual time of the start: KMS records the use of keys. */
export const START_MS = Date.UTC(2027, 0, 1);

/** The keys' first versions are made before the measurement. */
export const BOOTSTRAPPED_MS = START_MS + DAY_MS;

/** Three windows, and the time that the third rotation takes. */
export const END_MS = START_MS + 70 * DAY_MS;

/** How often the schedule fires. */
export const SCHEDULE_EVERY_MS = DAY_MS / 4;

/** Synthesizes the stack with the keys of the workload. @returns the cloud assembly. */
export function benchAssembly(folder: string): Promise<string> {
  const configuration = join(folder, 'keyturn.config.json');
  writeFileSync(configuration, JSON.stringify(CONFIGURATION));
  return synthesize({ directory: join(folder, 'cdk.out'), configuration });
}
