import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { describeDifference } from '@muster/sequence/edit/describe-difference.js';
import { diffSequences } from '@muster/sequence/edit/diff-sequences.js';
import { maskDifference } from '@muster/sequence/edit/mask-difference.js';
import { nodePaths } from '@muster/sequence/edit/node-paths.js';
import type { PatchOperation, Place } from '@muster/sequence/edit/patch-model.js';
import { isStep, type SequenceSpec } from '@muster/sequence/model.js';
import type { Command } from 'commander';
import { patchSequence } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { readFields } from '../../authoring/read-fields.js';
import { readNode } from '../../authoring/read-node.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName } from '../../output/formats.js';
import { safeText } from '../../output/safe-text.js';
import { formatTable } from '../../output/table.js';
import type { Terminal } from '../../terminal.js';
import { dryRunOption, sequenceName, wholeNumber } from '../arguments.js';

const help = `
A PATH is what reports and "muster node list" call a node: the names from the top with / between them; "." is the sequence
itself. Every command is one revision, and says what it changed. Nodes that stand beside each other with one name are
"name", "name (2)", …

Examples:
  muster node list harden-debian
  muster node add harden-debian step.yaml --after 'Prepare/Install hello'
  muster node move harden-debian 'Prepare/Install hello' --into Cleanup --first
  muster node disable harden-debian Cleanup --comment 'CHG-1234'
  muster node set harden-debian 'Prepare/Install hello' settings.program=repair timeoutSeconds=600
  muster node copy harden-debian Tools --from golden-image --revision 3 --into .`;

const addHelp = `
The file has one node, as in a sequence document (YAML or JSON); - reads it from standard input.

Examples:
  muster node add harden-debian step.yaml --before Cleanup
  echo '{step: Hello, type: RunCommandLine, settings: {command: hello}}' | muster node add harden-debian - --into .`;

const setHelp = `
VALUE is JSON where it is JSON (600, true, [0, 3010], {"all": []}), else a text; quotes make a text of a number: '"600"'.
FIELD- removes a field. Dots lead into objects: settings.command, retry.attempts; of the sequence itself variables.NAME.

Examples:
  muster node set harden-debian 'Prepare/Install hello' timeoutSeconds=600 continueOnError=true
  muster node set harden-debian 'Run it' 'settings.command=echo hello' condition-
  muster node set harden-debian . variables.Owner=infra displayName='Harden Debian'`;

interface ChangeOptions {
  readonly comment?: string;
  readonly dryRun?: string;
}

/** `muster node list|add|remove|move|copy|rename|enable|disable|set SEQUENCE …`. */
export function registerNode(program: Command, terminal: Terminal): void {
  const node = program.command('node').description('change a task sequence node by node').addHelpText('after', help);
  const change = (name: string, description: string): Command =>
    node
      .command(name)
      .description(description)
      .argument('<sequence>', 'name of the task sequence', sequenceName)
      .option('--comment <text>', 'why; kept with the revision')
      .addOption(dryRunOption())
      .addHelpText('after', name === 'add' ? addHelp : name === 'set' ? setHelp : help);
  const perform = (
    name: string,
    operations: readonly PatchOperation[],
    options: ChangeOptions,
    command: Command,
  ): Promise<void> => changeSequence(name, operations, options, command, terminal);

  node
    .command('list')
    .description('list the nodes of a task sequence with their paths')
    .argument('<sequence>', 'name of the task sequence', sequenceName)
    .addHelpText('after', help)
    .action(async (name: string, _options: object, command: Command) => {
      const { spec } = await withClient(command, terminal, (client) => client.get(taskSequence, name));
      for (const line of formatTable(['PATH', 'TYPE', 'NOTES'], rowsOf(spec))) terminal.out(line);
    });

  withPlace(change('add', 'add a node').argument('<file>', 'YAML of the node, or -')).action(
    async (name: string, file: string, options: ChangeOptions & Place, command: Command) =>
      perform(name, [{ op: 'add', node: await readNode(file, terminal), ...placeOf(options) }], options, command),
  );
  for (const op of ['remove', 'enable', 'disable'] as const) {
    change(op, `${op} nodes${op === 'remove' ? ', and what is in them' : ''}`)
      .argument('<path...>', 'paths of nodes')
      .action(async (name: string, paths: string[], options: ChangeOptions, command: Command) =>
        perform(name, inSafeOrder(op, paths), options, command),
      );
  }
  withPlace(change('move', 'move a node'))
    .argument('<path>', 'path of the node')
    .option('--up', 'one place up, through groups: into one from below, out of one at its top')
    .option('--down', 'one place down, through groups: into one from above, out of one at its end')
    .action(
      async (
        name: string,
        path: string,
        options: ChangeOptions & Place & { up?: boolean; down?: boolean },
        command: Command,
      ) => {
        const direction = options.up
          ? ({ direction: 'up' } as const)
          : options.down
            ? ({ direction: 'down' } as const)
            : {};
        await perform(name, [{ op: 'move', path, ...direction, ...placeOf(options) }], options, command);
      },
    );
  withPlace(change('copy', 'copy a node, also from another task sequence'))
    .argument('<path>', 'path of the node')
    .option('--from <sequence>', 'the task sequence it is in (default: the same)', sequenceName)
    .option('--revision <number>', 'of that task sequence (default: the newest)', wholeNumber(1, 2_000_000_000))
    .option('--name <name>', 'name of the copy')
    .action(
      async (
        name: string,
        path: string,
        options: ChangeOptions & Place & { from?: string; revision?: number; name?: string },
        command: Command,
      ) => {
        const source = { sequence: options.from, revision: options.revision, name: options.name };
        await perform(name, [{ op: 'copy', path, ...source, ...placeOf(options) }], options, command);
      },
    );
  change('rename', 'give a node another name')
    .argument('<path>', 'path of the node')
    .argument('<name>', 'its new name; of a child sequence: another child')
    .action(async (name: string, path: string, newName: string, options: ChangeOptions, command: Command) =>
      perform(name, [{ op: 'rename', path, name: newName }], options, command),
    );
  change('set', 'change fields of a node')
    .argument('<path>', 'path of the node, or . for the sequence itself')
    .argument('<fields...>', 'FIELD=VALUE or FIELD-')
    .action(async (name: string, path: string, fields: string[], options: ChangeOptions, command: Command) =>
      perform(name, [{ op: 'merge', path: path === '.' ? '' : path, fields: readFields(fields) }], options, command),
    );
}

function withPlace(command: Command): Command {
  return command
    .option('--before <path>', 'put it before this node')
    .option('--after <path>', 'put it after this node')
    .option('--into <path>', 'put it into this group, or . for the sequence itself')
    .option('--first', 'with --into: as the first node, not the last');
}

function placeOf({ before, after, into, first }: Place): Place {
  if (first && into === undefined) throw new CliError('cli.usage', '--first goes with --into', EXIT_CODES.usage);
  return { before, after, into: into === '.' ? '' : into, ...(first ? { first } : {}) };
}

/** Removing changes the numbers of nodes with one name behind it: from the last to the first, they stay what the user saw. */
function inSafeOrder(op: 'remove' | 'enable' | 'disable', paths: readonly string[]): PatchOperation[] {
  const number = (path: string): number => Number(/ \((\d+)\)$/.exec(path)?.[1] ?? 1);
  const ordered = op === 'remove' ? paths.toSorted((a, b) => number(b) - number(a) || b.length - a.length) : paths;
  return ordered.map((path) => ({ op, path }));
}

async function changeSequence(
  name: string,
  operations: readonly PatchOperation[],
  options: ChangeOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const dryRun = options.dryRun !== undefined;
  await withClient(command, terminal, async (client) => {
    const before = await client.get(taskSequence, name);
    const after = await patchSequence(client, name, operations, { dryRun, comment: options.comment });
    const moved = operations.flatMap((one) => (one.op === 'move' ? [one.path] : []));
    const lines = describeDifference(maskDifference(diffSequences(before.spec, after.spec, moved)));
    const outcome = lines.length === 0 ? 'unchanged' : `revision ${after.status.revision}`;
    terminal.out(`${objectName(taskSequence, name)} ${outcome}${dryRun ? ' (dry run)' : ''}`);
    for (const line of lines) terminal.out(`  ${safeText(line)}`);
  });
}

function rowsOf(spec: SequenceSpec): string[][] {
  return nodePaths(spec).map(({ path, node }) => [
    path,
    isStep(node) ? node.type : 'group' in node ? 'group' : 'child sequence',
    [
      node.disabled ? 'disabled' : '',
      node.condition ? 'has a condition' : '',
      node.continueOnError ? 'continues on error' : '',
    ]
      .filter(Boolean)
      .join(', '),
  ]);
}
