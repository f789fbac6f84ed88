/** What is used of mocha, whose own types would take jest's names. */
declare module 'mocha' {
  interface Globals {
    readonly it: (title: string, body: () => unknown) => unknown;
    readonly before: (body: () => unknown) => void;
    readonly after: (body: () => unknown) => void;
    describe: (title: string, body: () => void) => unknown;
    test: unknown;
    beforeAll: unknown;
    afterAll: unknown;
    expect: unknown;
    jest: unknown;
  }
  interface Root {
    on(event: 'pre-require', listener: (globals: Globals) => void): void;
  }
  class Mocha {
    static readonly interfaces: { bdd: (root: Root) => void };
    constructor(options: { readonly bail: boolean; readonly timeout: number; readonly reporter: unknown });
    addFile(path: string): void;
    loadFiles(): void;
    run(done: (failures: number) => void): void;
    dispose(): void;
  }
  export default Mocha;
}
