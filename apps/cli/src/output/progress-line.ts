import type { Terminal } from '../terminal.js';

const quietMilliseconds = 5000;
const rewriteMilliseconds = 100;

/** Shows how far something is: rewritten in place for people, a line now and then in a log. */
export function progressLine(terminal: Terminal): (text: string) => void {
  let last = performance.now();
  return (text) => {
    const now = performance.now();
    if (now - last < (terminal.interactive ? rewriteMilliseconds : quietMilliseconds)) return;
    last = now;
    if (terminal.interactive) terminal.progress(text);
    else terminal.error(text);
  };
}
