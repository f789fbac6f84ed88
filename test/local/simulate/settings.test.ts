import { ALL_FAULTS, profileFor, runOptionsOf, type Settings } from '../../../local/simulate/settings';
import { profileOf } from '../../../local/simulator/run/run';

const SETTINGS: Settings = { design: 'keyturn', keys: 1, windows: 1, faults: ALL_FAULTS, plant: null, wire: 'direct' };

test('a run has the same faults with a planted bug and without, although the bug changes which calls are made', async () => {
  const planted = { ...SETTINGS, plant: 'evidence-ignored' };
  const clean = await profileFor(SETTINGS);
  expect(await profileOf(runOptionsOf(planted))).not.toEqual(clean);
  expect(await profileFor(planted)).toEqual(clean);
}, 60_000);
