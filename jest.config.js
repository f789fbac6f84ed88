// The SDK warns about Node 20 in every worker; the tests know.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Tests mirror the tree under test/. ES modules from node_modules are transformed like our own sources. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  randomize: true,
  transform: { '^.+\\.(t|j|mj)s$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  transformIgnorePatterns: ['/node_modules/(?!(@noble/[^/]+)/)'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  // Every core: by default one is left idle, which on two cores means half the speed.
  maxWorkers: '100%',
  // Every file leaves something behind in its worker, such as the SDK's AsyncLocalStorage, which Node asks at every promise from then on: a fresh worker now and then is faster.
  workerIdleMemoryLimit: '512MB',
  testTimeout: 30000,
};
