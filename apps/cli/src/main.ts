import { EXIT_CODES } from './errors/exit-codes.js';
import { runCli } from './program.js';
import { processTerminal } from './terminal.js';

const terminal = processTerminal();
const exitCode = await runCli(process.argv.slice(2), terminal);
// Whoever reads our output may stop reading (`| head`): that is no failure.
process.exitCode = terminal.outputClosed && exitCode === EXIT_CODES.interrupted ? EXIT_CODES.ok : exitCode;
