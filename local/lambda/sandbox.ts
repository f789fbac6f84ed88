import { Console } from 'node:console';
import { EventEmitter } from 'node:events';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { compileFunction, constants } from 'node:vm';
import type { Clock } from '../kernel/clock';
import { virtualDate } from './virtual-date';

export interface SandboxOptions {
  /** The bundle, a CommonJS module. */
  readonly source: string;
  /** Where the bundle came from, for stack traces. */
  readonly filename: string;
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

/**
 * Loads a bundle in this process, with its own `process`, `console`, `Date` and `globalThis`, so that functions neither see
 * each other nor the wall clock. It separates, it does not protect: built-in modules are the real ones, and timers are real.
 *
 * @throws what the module throws while it loads; Error for a module that the bundle does not contain.
 */
export function loadSandbox(options: SandboxOptions): Sandbox {
  const output = writable(options.writeLog);
  const environment: Record<string, string | undefined> = { ...options.environment };
  const sandboxProcess = virtualProcess(environment, output);
  const sandboxConsole = new Console({ stdout: output, stderr: output });
  const globals: Record<string, unknown> = { process: sandboxProcess, console: sandboxConsole, Date: virtualDate(options.clock) };
  const sandboxGlobal = virtualGlobal(globals);
  const module = { exports: {} as Record<string, unknown> };
  const parameters: Record<string, unknown> = {
    exports: module.exports,
    require: bundleRequire(options.filename, sandboxProcess),
    module,
    __filename: options.filename,
    __dirname: path.dirname(options.filename),
    globalThis: sandboxGlobal,
    global: sandboxGlobal,
    ...globals,
  };
  const run = compileFunction(options.source, Object.keys(parameters), {
    filename: options.filename,
    // A bundle imports dynamically what was left out of it: Node's own modules.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (...values: unknown[]) => void;
  run(...Object.values(parameters));
  return { exports: module.exports, environment };
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
