import tseslint from 'typescript-eslint';

/** Which rooms a room may import (docs/architecture.md). Own files are always allowed. */
const ARROWS = {
  'lambdas/contract': [],
  'lambdas/domain': ['contract'],
  'lambdas/ports': ['domain', 'contract'],
  'lambdas/tasks': ['ports', 'domain', 'contract'],
  'lambdas/adapters': ['ports', 'domain', 'contract'],
  'lambdas/runtime': ['adapters', 'tasks', 'ports', 'domain', 'contract'],
  'lambdas/handlers': ['runtime', 'tasks', 'domain', 'contract'],
};
const ROOMS = ['contract', 'domain', 'ports', 'tasks', 'adapters', 'runtime', 'handlers'];
const OUTSIDE = ['lib', 'local', 'cli', 'bin', 'bench', 'test'];

const arrowRules = Object.entries(ARROWS).map(([room, allowed]) => {
  const own = room.split('/')[1];
  const banned = ROOMS.filter((other) => other !== own && !allowed.includes(other)).map((other) => `(^|/)\\.\\./(.*/)?${other}/`);
  const group = [...banned, ...OUTSIDE.map((other) => `^(\\.\\./)+${other}(/|$)`)];
  if (['domain', 'tasks', 'ports', 'contract'].includes(own)) group.push('^@aws-sdk/', '^@aws-lambda-powertools/', '^@smithy/');
  return {
    files: [`${room}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: group.map((regex) => ({ regex, message: `${room} must not import this: see docs/architecture.md` })) }] },
  };
});

const outsideRule = (files, rooms) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: rooms.map((room) => ({ regex: `^(\\.\\./)+${room}(/|$)`, message: 'see the import arrows in docs/architecture.md' })) },
    ],
  },
});

const pureGlobals = ['process', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch'].map((name) => ({ name, message: 'pure code: it comes in as input' }));
const pureProperties = [
  { object: 'Date', property: 'now', message: 'time comes from the execution context' },
  { object: 'Math', property: 'random', message: 'no randomness here' },
];

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', 'coverage/', 'jest.config.js', 'eslint.config.mjs', '**/*.d.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './lib/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNullish: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...arrowRules,
  outsideRule(['lib/**/*.ts', 'bin/app.ts'], ['local', 'cli', 'test', 'lambdas/domain', 'lambdas/tasks', 'lambdas/adapters', 'lambdas/runtime', 'lambdas/ports', 'lambdas/handlers']),
  outsideRule(['local/**/*.ts'], ['test', 'lib', 'cli']),
  // The demo is a user: its dependents answer with the command that people have.
  outsideRule(['local/demo/**/*.ts'], ['test', 'lib']),
  outsideRule(['cli/**/*.ts', 'bin/keyturn.ts'], ['test', 'lib']),
  {
    files: ['lambdas/domain/**/*.ts', 'lambdas/tasks/**/*.ts', 'lambdas/adapters/**/*.ts', 'local/{asl,dynamodb,eventbridge,iam,kernel,kms,logs,scheduler,sfn,simulator,sns,sqs,sts,tagging}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...pureGlobals],
      'no-restricted-properties': ['error', ...pureProperties],
    },
  },
  {
    files: ['lambdas/domain/**/*.ts', 'lambdas/tasks/**/*.ts'],
    ignores: ['lambdas/domain/instant.ts'],
    rules: { 'no-restricted-globals': ['error', ...pureGlobals, { name: 'Date', message: 'use domain/instant.ts' }] },
  },
  {
    // A synthesized template is JSON of any shape.
    files: ['test/lib/**/*.ts'],
    rules: Object.fromEntries(
      ['no-explicit-any', 'no-unsafe-argument', 'no-unsafe-call', 'no-unsafe-member-access', 'no-unsafe-return'].map((rule) => [`@typescript-eslint/${rule}`, 'off']),
    ),
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What expect.any and friends return.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'no-restricted-properties': [
        'error',
        ...['test', 'describe', 'it'].flatMap((object) => ['only', 'skip', 'todo'].map((property) => ({ object, property, message: 'no skipped or focused tests' }))),
      ],
    },
  },
);
