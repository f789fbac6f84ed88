import { USUAL } from '../support/scenario';

// Several times as fast as with the clients of the SDK, which nothing that is changed here would notice: test/simulator/direct-world.test.ts.
USUAL.wire = 'direct';
