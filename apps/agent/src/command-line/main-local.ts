import { runCommand } from '../run-command.js';

// Whoever reads our output may stop reading (`| head`): the run goes on.
process.stdout.on('error', () => undefined);
process.exitCode = await runCommand(process.argv.slice(2));
