import { expect } from 'expect';
import fc from 'fast-check';
import { bind } from 'jest-each';
import { ModuleMocker } from 'jest-mock';
import Mocha from 'mocha';

/**
 * The words of jest for mocha. Stryker's runner for mocha loads the suites once and switches each mutant on in the running process, which takes milliseconds;
 * its runner for jest starts jest again for every one of thousands of mutants. `npm test` is jest's.
 */
const { bdd } = Mocha.interfaces;
Mocha.interfaces.bdd = (root) => {
  bdd(root);
  root.on('pre-require', (globals) => {
    const { it, describe } = globals;
    // Mocha takes a parameter of a test for its callback.
    const test = (title: string, body: () => unknown): unknown => it(title, () => body());
    const failing = (title: string, body: () => unknown): unknown => it(title, async () => expect((async () => body())()).rejects.toThrow());
    globals.test = Object.assign(test, { each: bind(test), failing });
    globals.describe = Object.assign((title: string, body: () => void) => describe(title, () => { body(); }), { each: bind(describe, false) });
    globals.beforeAll = globals.before;
    globals.afterAll = globals.after;
    globals.expect = expect;
    globals.jest = new ModuleMocker(globalThis);
  });
};

// A mutant is noticed or not, whoever asks and whenever; nobody reads the smallest example of how.
fc.configureGlobal({ seed: 1, endOnFailure: true });
