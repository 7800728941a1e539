/** Where commands read and write; lines have no end of line yet. Tests hand in their own. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Progress may be rewritten in place on standard error. */
  readonly interactive: boolean;
  /** A line of the result, to standard output. */
  out(line: string): void;
  /** A line about the work, to standard error. */
  error(line: string): void;
  /** Replaces the last progress line; only called when interactive. An empty text clears it. */
  progress(text: string): void;
  /** All bytes of standard input. */
  readStandardInput(): Promise<Buffer>;
  /** Aborted by Ctrl-C or SIGTERM, from the first call on: until then a signal ends the program. */
  interruption(): AbortSignal;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let shown = 0;
  let interruption: AbortSignal | undefined;
  const clear = (): void => {
    if (shown > 0) process.stderr.write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  return {
    environment: process.env,
    interactive: process.stderr.isTTY === true,
    out(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    error(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    progress(text) {
      clear();
      const line = text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1));
      process.stderr.write(line);
      shown = line.length;
    },
    async readStandardInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks);
    },
    interruption() {
      interruption ??= firstSignal();
      return interruption;
    },
  };
}

/** The first signal asks for an orderly end; a second Ctrl-C ends at once. */
function firstSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted && signal === 'SIGINT') process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  return controller.signal;
}
