import { LiveStatus, progressBar } from './live-status.js';

function terminal(more: {
  isTTY?: boolean;
  columns?: number;
}): { text: string; write(text: string): void } & typeof more {
  return {
    ...more,
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
}

describe('the live line', () => {
  it('stands below the lines that stay, cut to the terminal, and is gone at the end', () => {
    const screen = terminal({ isTTY: true, columns: 9 });
    const live = new LiveStatus(screen, () => 'long status');
    live.start();
    live.line('one');
    live.line('two');
    live.stop();
    expect(screen.text.replaceAll('\r\u001B[2K', '<clear>')).toBe('one\nlong sta<clear>two\nlong sta<clear>');
  });

  it('is whole where the terminal says that it has no columns', () => {
    const screen = terminal({ isTTY: true, columns: 0 });
    const live = new LiveStatus(screen, () => 'status');
    live.start();
    live.line('one');
    expect(screen.text).toBe('one\nstatus');
    live.stop();
  });

  it('writes only lines that stay where there is no terminal', () => {
    const screen = terminal({ isTTY: false });
    const live = new LiveStatus(screen, () => 'status');
    live.start();
    live.line('one');
    live.stop();
    expect(screen.text).toBe('one\n');
  });

  it('shows how much is done', () => {
    expect([progressBar(1, 4, 4), progressBar(9, 4, 4), progressBar(0, 0)]).toEqual([
      '[#---] 1/4 25 %',
      '[####] 9/4 100 %',
      '',
    ]);
  });
});
