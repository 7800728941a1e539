import { explainCommand } from '../explain-command.js';
import { runCommand } from '../run-command.js';

// What the `muster` program hands over: commands that need no server. The first argument names the command.
const commands = { run: runCommand, explain: explainCommand };

// Whoever reads our output may stop reading (`| head`): the run goes on.
process.stdout.on('error', () => undefined);
const [name = '', ...argv] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined;
if (!command) process.stderr.write(`agent.usage: "${name}" is none of ${Object.keys(commands).join(', ')}\n`);
process.exitCode = (await command?.(argv)) ?? 2;
