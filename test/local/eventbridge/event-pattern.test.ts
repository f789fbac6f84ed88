import { compileEventPattern } from '../../../local/eventbridge/event-pattern';

const EVENT = { source: 'keyturn', 'detail-type': 'Key Version Prepared', resources: ['arn:a', 'arn:b'], detail: { key: 'orders', version: 3, phase: null, nested: { a: 'x' } } };

test.each<[string, object, boolean]>([
  ['an exact value', { source: ['keyturn'] }, true],
  ['one of several values', { source: ['other', 'keyturn'] }, true],
  ['another value', { source: ['other'] }, false],
  ['every field', { source: ['keyturn'], 'detail-type': ['Other'] }, false],
  ['any element of an array', { resources: ['arn:b'] }, true],
  ['a nested field', { detail: { nested: { a: ['x'] } } }, true],
  ['a nested field that is missing', { detail: { other: { a: ['x'] } } }, false],
  ['null', { detail: { phase: [null] } }, true],
  ['a number, exactly', { detail: { version: [3] } }, true],
  ['a number is no text', { detail: { version: ['3'] } }, false],
  ['prefix', { source: [{ prefix: 'key' }] }, true],
  ['prefix, not elsewhere', { source: [{ prefix: 'turn' }] }, false],
  ['suffix', { source: [{ suffix: 'turn' }] }, true],
  ['anything-but a value', { source: [{ 'anything-but': 'other' }] }, true],
  ['anything-but a list', { source: [{ 'anything-but': ['other', 'keyturn'] }] }, false],
  ['anything-but needs the field', { detail: { missing: [{ 'anything-but': 'x' }] } }, false],
  ['exists', { detail: { key: [{ exists: true }] } }, true],
  ['exists: false', { detail: { missing: [{ exists: false }] } }, true],
  ['exists: false on a present field', { detail: { key: [{ exists: false }] } }, false],
  ['numeric range', { detail: { version: [{ numeric: ['>', 2, '<=', 3] }] } }, true],
  ['numeric range missed', { detail: { version: [{ numeric: ['>', 3] }] } }, false],
])('matches %s', (_case, pattern, expected) => {
  expect(compileEventPattern(pattern)(EVENT)).toBe(expected);
});

test.each([
  [{ source: [{ wildcard: 'k*' }] }, 'wildcard'],
  [{ source: [{ 'anything-but': { prefix: 'k' } }] }, 'anything-but'],
  [{ $or: [{ source: ['a'] }] }, '$or'],
  [{ source: [{ prefix: { 'equals-ignore-case': 'K' } }] }, 'equals-ignore-case'],
])('refuses by name what it does not know: %j', (pattern, name) => {
  expect(() => compileEventPattern(pattern)).toThrow(expect.objectContaining({ code: 'NotModelledLocally', message: expect.stringContaining(name) as string }) as Error);
});

test.each<[unknown]>([
  ['keyturn'],
  [{ source: 'keyturn' }],
  [{ source: null }],
  [{ source: [] }],
  [{ detail: {} }],
  [{ source: [{}] }],
  [{ source: [['keyturn']] }],
  [{ source: [{ prefix: 'k', suffix: 'n' }] }],
  [{ source: [{ prefix: 3 }] }],
  [{ source: [{ suffix: ['n'] }] }],
  [{ source: [{ exists: 'yes' }] }],
  [{ source: [{ 'anything-but': [] }] }],
  [{ source: [{ 'anything-but': ['a', 3] }] }],
  [{ source: [{ 'anything-but': null }] }],
  [{ source: [{ numeric: [] }] }],
  [{ source: [{ numeric: '>' }] }],
  [{ source: [{ numeric: ['>'] }] }],
  [{ source: [{ numeric: ['>', 'three'] }] }],
  [{ source: [{ numeric: ['!=', 3] }] }],
  [{ source: [{ numeric: ['>', 1, '<', 3, '<', 4] }] }],
])('refuses what is no pattern: %j', (pattern) => {
  expect(() => compileEventPattern(pattern)).toThrow(expect.objectContaining({ code: 'InvalidEventPatternException' }) as Error);
});
