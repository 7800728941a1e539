import type { Terminal } from '../terminal.js';

const quietMilliseconds = 5000;
const rewriteMilliseconds = 100;

/**
 * Shows how far something is: rewritten in place for people, a line now and then in a log. What begins something that says nothing
 * of itself until it ends is always rewritten, and is in the log of all that has taken a while already.
 */
export function progressLine(
  terminal: Terminal,
  clock = () => performance.now(),
): (text: string, begins?: boolean) => void {
  const began = clock();
  let last = began;
  return (text, begins = false) => {
    const now = clock();
    const pause = terminal.interactive ? (begins ? 0 : rewriteMilliseconds) : quietMilliseconds;
    if (now - (begins ? began : last) < pause) return;
    last = now;
    if (terminal.interactive) terminal.progress(text);
    else terminal.error(text);
  };
}
