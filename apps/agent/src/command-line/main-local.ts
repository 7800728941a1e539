import { keepYoungGenerationSmall } from './young-generation.js';

// What the `muster` program hands over: commands that need no server. The first argument names the command. Each is loaded when
// it is asked for, after the heap was told how it may grow.
const commands: Readonly<Record<string, () => Promise<(argv: readonly string[]) => Promise<number>>>> = {
  run: async () => {
    keepYoungGenerationSmall();
    return (await import('../run-command.js')).runCommand;
  },
  explain: async () => (await import('../explain-command.js')).explainCommand,
};

// Whoever reads our output may stop reading (`| head`): the run goes on.
process.stdout.on('error', () => undefined);
const [name = '', ...argv] = process.argv.slice(2);
const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!load) process.stderr.write(`agent.usage: "${name}" is none of ${Object.keys(commands).join(', ')}\n`);
const command = await load?.();
process.exitCode = (await command?.(argv)) ?? 2;
