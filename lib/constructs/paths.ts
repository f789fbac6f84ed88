import { join } from 'node:path';

/** The repository, from which synth reads sources and the definition whatever the working directory is. */
export const PROJECT_ROOT = join(__dirname, '..', '..');
