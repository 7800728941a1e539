import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

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
  /** Asks a person for a line that is not shown while it is typed. Absent: there is nobody to ask. */
  askSecret?(question: string): Promise<string>;
  /** All bytes of standard input. */
  readStandardInput(): Promise<Buffer>;
  /**
   * Aborted by Ctrl-C, by SIGTERM, and when nobody reads standard output any more (`| head`), from the first call on:
   * until then each of them ends the program.
   */
  interruption(): AbortSignal;
  /** Nobody reads standard output any more. */
  readonly outputClosed: boolean;
}

/** One Ctrl-C arrives several times when npm runs us: from the terminal, and from each process above that passes it on. */
const oneKeyMilliseconds = 300;

/** The terminal of this process. */
export function processTerminal(): Terminal {
  let shown = 0;
  let interruption: AbortController | undefined;
  let outputClosed = false;
  const clear = (): void => {
    if (shown > 0) process.stderr.write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') return;
    outputClosed = true;
    if (interruption === undefined) process.exit(0);
    interruption.abort();
  });
  // Without anybody to tell, there is nothing to tell.
  process.stderr.on('error', () => undefined);
  return {
    get outputClosed() {
      return outputClosed;
    },
    environment: process.env,
    interactive: process.stderr.isTTY === true,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { askSecret: (question) => askHidden(question, clear) } : {}),
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
      // A terminal that nobody told its size says 0.
      const line = text.slice(0, Math.max(20, (process.stderr.columns || 80) - 1));
      process.stderr.write(line);
      shown = line.length;
    },
    async readStandardInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks);
    },
    interruption() {
      interruption ??= onFirstSignal();
      return interruption.signal;
    },
  };
}

/** The first signal asks for an orderly end; a second Ctrl-C ends at once. */
function onFirstSignal(): AbortController {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (controller.signal.aborted && signal === 'SIGINT' && now - first > oneKeyMilliseconds) process.exit(130);
    if (!controller.signal.aborted) first = now;
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  return controller;
}

/** Reads a line from the terminal without showing it. Ctrl-C and Ctrl-D end the program. */
async function askHidden(question: string, clear: () => void): Promise<string> {
  clear();
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const leave = (): never => {
    process.stderr.write('\n');
    process.exit(130);
  };
  lines.on('SIGINT', leave).once('close', leave);
  const answer = await new Promise<string>((resolve) => lines.once('line', resolve));
  lines.removeListener('close', leave);
  lines.close();
  process.stderr.write('\n');
  return answer;
}
