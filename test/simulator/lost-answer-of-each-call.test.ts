import { BOOTSTRAP, disturbEverywhere, ROTATION } from '../support/crash-points';

test.each([BOOTSTRAP, ROTATION])('$name is finished, once, when the answer of any one of its calls is lost', async (life) => {
  expect(await disturbEverywhere(life, 'lose-answer')).toEqual([]);
}, 300_000);
