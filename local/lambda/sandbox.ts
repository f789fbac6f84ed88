import { Console } from 'node:console';
import { EventEmitter } from 'node:events';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { compileFunction } from 'node:vm';
import type { Clock } from '../kernel/clock';
import type { Bundle } from './function';
import { virtualDate } from './virtual-date';

export interface SandboxOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly writeLog: (text: string) => void;
}

/** A loaded bundle with a world of its own. */
export interface Sandbox {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The sandbox's own environment variables, which an invocation may change. */
  readonly environment: Record<string, string | undefined>;
}

/** What a bundle finds in scope instead of the process's own. */
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname', 'globalThis', 'global', 'process', 'console', 'Date'] as const;

type Scope = Readonly<Record<(typeof PARAMETERS)[number], unknown>>;

/** A bundle that can be loaded any number of times, each time into a world of its own. */
export class BundleCode {
  private run: ((...scope: unknown[]) => void) | undefined;

  constructor(private readonly bundle: Bundle) {}

  /**
   * Loads the bundle in this process, with its own `process`, `console`, `Date` and `globalThis`, so that functions neither
   * see each other nor the wall clock. It separates, it does not protect: built-in modules are the real ones, and timers are real.
   *
   * @throws what the module throws while it loads; Error for a module that the bundle does not contain.
   */
  load({ environment, clock, writeLog }: SandboxOptions): Sandbox {
    const output = writable(writeLog);
    const variables: Record<string, string | undefined> = { ...environment };
    const globals = {
      process: virtualProcess(variables, output),
      console: new Console({ stdout: output, stderr: output }),
      Date: virtualDate(clock),
    };
    const sandboxGlobal = virtualGlobal({ ...globals });
    const module = { exports: {} as Record<string, unknown> };
    const scope: Scope = {
      exports: module.exports,
      require: bundleRequire(this.bundle.filename, globals.process),
      module,
      __filename: this.bundle.filename,
      __dirname: path.dirname(this.bundle.filename),
      globalThis: sandboxGlobal,
      global: sandboxGlobal,
      ...globals,
    };
    this.run ??= compile(this.bundle);
    this.run(...PARAMETERS.map((name) => scope[name]));
    return { exports: module.exports, environment: variables };
  }
}

/** The last code of each file: it has no state of its own, so that every account that is deployed from one cloud assembly runs the same. */
const compiled = new Map<string, { readonly source: string; readonly run: (...scope: unknown[]) => void }>();

function compile({ source, filename }: Bundle): (...scope: unknown[]) => void {
  const known = compiled.get(filename);
  if (known?.source === source) return known.run;
  const run = compileFunction(source, PARAMETERS, { filename }) as (...scope: unknown[]) => void;
  compiled.set(filename, { source, run });
  return run;
}

/** What the bundle sets on `globalThis` stays with it; what it reads there is its own world first, then the real one. */
function virtualGlobal(own: Record<string, unknown>): object {
  const global: object = new Proxy(own, {
    get: (target, property) => (property === 'globalThis' || property === 'global' ? global : (Reflect.get(property in target ? target : globalThis, property) as unknown)),
    has: (target, property) => property in target || property in globalThis,
  });
  return global;
}

function bundleRequire(filename: string, sandboxProcess: NodeJS.Process): (id: string) => unknown {
  const real = createRequire(filename);
  return (id) => {
    const name = id.replace(/^node:/, '');
    if (name === 'process') return sandboxProcess;
    if (!builtinModules.includes(name)) throw new Error(`Cannot find module '${id}': the local Lambda runs bundles that contain all but Node's own modules`);
    return real(id) as unknown;
  };
}

/** `process` with its own variables, streams and listeners; a warning goes to the function's log. */
function virtualProcess(environment: Record<string, string | undefined>, output: Writable): NodeJS.Process {
  const own: Record<PropertyKey, unknown> = {
    env: environment,
    stdout: output,
    stderr: output,
    emitWarning: (warning: string | Error) => output.write(`${String(warning)}\n`),
    exit: (code?: number) => {
      throw new Error(`The function called process.exit(${String(code ?? '')})`);
    },
  };
  const emitter = new EventEmitter();
  for (const method of ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'listeners', 'listenerCount'] as const) {
    own[method] = emitter[method].bind(emitter);
  }
  return new Proxy(process, {
    get: (target, property) => {
      if (property in own) return own[property];
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (_target, property, value) => {
      own[property] = value;
      return true;
    },
  });
}

function writable(write: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => {
      write(chunk.toString());
      done();
    },
  });
}
