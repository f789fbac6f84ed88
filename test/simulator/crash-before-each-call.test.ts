import { BOOTSTRAP, disturbEverywhere, ROTATION } from '../support/crash-points';

test.each([BOOTSTRAP, ROTATION])('$name is finished, once, when its function dies before any one of its calls', async (life) => {
  expect(await disturbEverywhere(life, 'die-before')).toEqual([]);
}, 300_000);
