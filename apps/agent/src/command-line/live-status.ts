/** The part of a terminal that is needed; `columns` is undefined where it is none. */
export interface StatusTerminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const refreshMilliseconds = 200;
const clearLine = '\r\u001B[2K';

/**
 * Lines that stay, and below them one that changes: what is done now, for how long, how much is left. On anything but a terminal
 * only the lines that stay are written.
 */
export class LiveStatus {
  private timer: NodeJS.Timeout | undefined;
  private shown = false;

  /** @param status what to show now; undefined for nothing. */
  constructor(
    private readonly terminal: StatusTerminal,
    private readonly status: (now: number) => string | undefined,
    private readonly clock: () => number = Date.now,
  ) {}

  start(): void {
    if (!this.terminal.isTTY) return;
    this.timer = setInterval(() => this.draw(), refreshMilliseconds);
    this.timer.unref();
  }

  line(text: string): void {
    this.clear();
    this.terminal.write(`${text}\n`);
    this.draw();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.clear();
  }

  private draw(): void {
    if (!this.timer) return;
    const text = this.status(this.clock());
    this.clear();
    if (text === undefined) return;
    // Some terminals say they have no columns at all.
    this.terminal.write(text.slice(0, (this.terminal.columns || 80) - 1));
    this.shown = true;
  }

  private clear(): void {
    if (this.shown) this.terminal.write(clearLine);
    this.shown = false;
  }
}

/** `[#####-----] 5/10 50 %` */
export function progressBar(done: number, total: number, width = 20): string {
  if (total === 0) return '';
  const share = Math.min(1, done / total);
  const full = Math.floor(share * width);
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}] ${done}/${total} ${Math.floor(share * 100)} %`;
}
