import { run } from '../../../cli/program';

export interface Typed {
  readonly exitCode: number;
  /** What the command has printed, without the last line's end. */
  readonly output: string;
}

/**
 * Runs keyturn's own command line in this process, as a terminal would: a process of its own for each would take most of the demo's time.
 * What it prints is caught, so one runs at a time.
 */
export async function typeCommand(args: readonly string[]): Promise<Typed> {
  const printed: string[] = [];
  const streams = [process.stdout, process.stderr] as const;
  const originals = streams.map((stream) => stream.write.bind(stream));
  for (const stream of streams) {
    stream.write = ((chunk: string | Uint8Array) => {
      printed.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return true;
    });
  }
  try {
    const exitCode = await run(['node', 'keyturn', ...args], process.env);
    return { exitCode, output: printed.join('').trimEnd() };
  } finally {
    streams.forEach((stream, index) => {
      const original = originals[index];
      if (original !== undefined) stream.write = original;
    });
  }
}

/** A command as somebody types it into a shell. */
export function commandLine(args: readonly string[]): string {
  return ['keyturn', ...args.map((arg) => (/^[\w./:=@%+,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`))].join(' ');
}
