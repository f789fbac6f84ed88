import { live, LIVES, pointsAfter, pointsAt, type Life } from '../../local/simulator/run/crash-life';

const [bootstrap, rotation, withFailure] = LIVES as [Life, Life, Life];

test('the lives come to rest when nothing befalls them; one bootstraps, one has a failure and an approval', async () => {
  const first = await live(bootstrap, []);
  expect(first.findings).toEqual([]);
  expect(first.places.map(({ name }) => name)).toEqual(expect.arrayContaining(['create-key-version: kms CreateKey', 'promote-key-version: kms CreateAlias', 'Rotation Completed']));
  const [plain, failed] = [await live(rotation, []), await live(withFailure, [])];
  expect([plain.findings, failed.findings]).toEqual([[], []]);
  const states = (places: typeof failed.places) => new Set(places.flatMap(({ at, name }) => (at === 'state' ? [name] : [])));
  expect([...states(failed.places)]).toEqual(expect.arrayContaining(['Classify Failure', 'Abort Safely', 'Await Approval', 'Read Approval', 'Revoke Previous Version']));
  expect(states(plain.places)).not.toContain('Classify Failure');
});

test('every place has its mishaps, and those after a point are those of the life that it made', async () => {
  const { places } = await live(rotation, []);
  const change = places.find((place) => place.at === 'call' && place.isChange && place.name.includes('CreateKey'));
  expect(change).toBeDefined();
  const points = pointsAt(change!);
  expect(points.map(({ mishap }) => mishap)).toEqual(['crash-before', 'crash-after', 'answer-lost', 'applied-late']);
  const struck = await live(rotation, [points[3]!]);
  expect(struck).toMatchObject({ struck: 1, findings: [] });
  const after = pointsAfter(points[3]!, struck.places);
  expect(after.length).toBeGreaterThan(100);
  expect(await live(rotation, [points[3]!, after[5]!])).toMatchObject({ struck: 2, findings: [] });
});

test('a life that does not come to rest is a finding', async () => {
  const stopped = { ...rotation, silentAt: Array.from({ length: 50 }, (_, nth) => nth) };
  expect((await live(stopped, [])).findings).toContain('the key did not come to rest');
});
