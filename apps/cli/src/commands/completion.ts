import { KINDS } from '@muster/contracts/kinds/all.js';
import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

const help = `
Example:
  source <(muster completion bash)`;

/** `muster completion bash`. */
export function registerCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash', (text: string) => {
      if (text !== 'bash') program.error('error: there is completion for bash only', { exitCode: 2 });
      return text;
    })
    .addHelpText('after', help)
    .action(() => terminal.out(bashCompletion(program)));
}

/** Completes commands, subcommands, kinds, and the names of objects of a kind. */
export function bashCompletion(program: Command): string {
  const commands = program.commands.map((command) => command.name());
  const subcommands = program.commands
    .filter(({ commands: inner }) => inner.length > 0)
    .map((command) => `    ${command.name()}) words="${command.commands.map((inner) => inner.name()).join(' ')}" ;;`);
  const kinds = KINDS.flatMap(({ plural, singular }) => [plural, singular]).join(' ');
  return `# bash completion of muster
_muster() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${subcommands.join('\n')}
    get|describe|delete|watch)
      if [ "$COMP_CWORD" -eq 2 ]; then words="${kinds}"
      else words="$(muster get "\${COMP_WORDS[2]}" -o name 2>/dev/null | cut -d/ -f2)"; fi ;;
    apply|diff|run) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _muster muster`;
}
