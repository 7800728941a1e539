import { readConfig } from './config.js';
import { keepYoungHeapSmall } from './content/small-young-heap.js';
import { runProgram } from './daemon/program.js';
import { describeError } from './identity/agent-error.js';

// Whoever reads our output may stop reading (`| head`): the work goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

keepYoungHeapSmall();
const argv = process.argv.slice(2);
const stop = new AbortController();
// `run` lets go of its run on these signals by itself.
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
// A supervisor that dies closes the channel: nothing that it started outlives it.
process.on('disconnect', () => process.emit('SIGTERM'));
if (process.send && !process.connected) stop.abort(new Error('the supervisor is gone'));

const error = (line: string): void => void process.stderr.write(`${line}\n`);
try {
  const exitCode = await runProgram(argv, {
    config: readConfig(process.env),
    signal: stop.signal,
    out: (line) => void process.stdout.write(`${line}\n`),
    error,
    ready: (deviceUid) => void process.send?.({ type: 'ready', deviceUid }),
  });
  process.exitCode = exitCode;
} catch (failure) {
  const { code, message } = describeError(failure);
  error(`${code}: ${message}`);
  process.exitCode = 2;
}
// The channel of a supervisor would keep this process alive.
if (process.connected) process.disconnect();
