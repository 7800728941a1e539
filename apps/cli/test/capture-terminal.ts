import type { Terminal } from '../src/terminal.js';

/** A terminal that keeps what was written, for one command. */
export interface CapturedTerminal extends Terminal {
  stdout(): string;
  stderr(): string;
  /** Ctrl-C. */
  interrupt(): void;
}

/** @param environment of the command; its `HOME` is nowhere unless given. */
export function captureTerminal(environment: Record<string, string> = {}, standardInput = ''): CapturedTerminal {
  const out: string[] = [];
  const errors: string[] = [];
  const interruption = new AbortController();
  return {
    environment: { HOME: '/nonexistent', ...environment },
    outputClosed: false,
    interactive: false,
    out: (line) => void out.push(line),
    error: (line) => void errors.push(line),
    progress: () => undefined,
    readStandardInput: () => Promise.resolve(Buffer.from(standardInput)),
    interruption: () => interruption.signal,
    stdout: () => out.join('\n'),
    stderr: () => errors.join('\n'),
    interrupt: () => interruption.abort(),
  };
}
