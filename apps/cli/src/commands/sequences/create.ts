import { randomUUID } from 'node:crypto';
import { judgeInput } from '@muster/contracts/judge.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { makeSequence, templateSummaries } from '@muster/sequence/templates/registry.js';
import { type Command, Option } from 'commander';
import { createFromTemplate } from '../../api/authoring.js';
import { withClient } from '../../api/open-client.js';
import { readPairs } from '../../authoring/read-pairs.js';
import { CliError } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { objectName, toYaml } from '../../output/formats.js';
import type { Terminal } from '../../terminal.js';
import { collect, dryRunOption, sequenceName } from '../arguments.js';

const NAMES = templateSummaries().map(({ name }) => name);

/** Every template with its parameters; `*` marks those that must be given. */
function templatesHelp(): string {
  const templates = templateSummaries().map(({ name, title, help, parameters }) => {
    const lines = parameters.map(
      (one) => `    ${`${one.required ? '*' : ' '} ${one.name}`.padEnd(28)} ${one.description}`,
    );
    return [`  ${name}: ${title}`, `    ${help}`, ...lines].join('\n');
  });
  return `
Templates and their parameters (* must be given; lists with commas):

${templates.join('\n\n')}

What a template can do without is there but disabled until its parameter is given. Passwords are no parameters: make them
secret variables of a collection. With -o yaml or -o json the document is printed, nothing is saved and no site is needed.

Examples:
  muster create sequence lab-pc --template install-image -p image=windows-11 -p clientPackage=client -p workgroup=LAB
  muster create sequence golden --template build-and-capture -p image=windows-11 -p clientPackage=client \\
    -p captureDestination='\\\\files\\images\\golden.wim' -o yaml > golden.yaml
  muster create sequence scratch --template custom --folder /lab --dry-run=server`;
}

interface CreateOptions {
  readonly template: string;
  readonly parameter?: string[];
  readonly displayName?: string;
  readonly folder?: string;
  readonly label?: string[];
  readonly comment?: string;
  readonly dryRun?: string;
  readonly output?: 'yaml' | 'json';
}

/** `muster create sequence NAME --template TEMPLATE`. */
export function registerCreate(program: Command, terminal: Terminal): void {
  const create = program.command('create').description('make an object without writing a document');
  create
    .command('sequence')
    .alias('ts')
    .description('make a task sequence of a template')
    .argument('<name>', 'name of the task sequence', sequenceName)
    .addOption(new Option('--template <name>', 'what to make').choices(NAMES).makeOptionMandatory())
    .option('-p, --parameter <name=value>', 'what the template asks for; may be given several times', collect)
    .option('--display-name <text>', 'what people see')
    .option('--folder <path>', 'where people find it, as /servers/linux')
    .option('--label <name=value>', 'a label; may be given several times', collect)
    .option('--comment <text>', 'why; kept with the first revision')
    .addOption(new Option('-o, --output <format>', 'print the document and save nothing').choices(['yaml', 'json']))
    .addOption(dryRunOption())
    .addHelpText('after', templatesHelp())
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { template, displayName, folder, comment } = options;
      const parameters = readPairs(options.parameter ?? [], '--parameter');
      const labels = options.label === undefined ? undefined : readPairs(options.label, '--label');
      const metadata = {
        name,
        ...(displayName === undefined ? {} : { displayName }),
        ...(folder === undefined ? {} : { folder }),
        ...(labels === undefined ? {} : { labels }),
      };
      const made = makeSequence(template, parameters);
      if ('findings' in made) throw notFilled(template, made.findings);
      if (options.output !== undefined) {
        const document = { apiVersion: API_VERSION, kind: taskSequence.kind, metadata, spec: made.spec };
        const judged = judgeInput(taskSequence, document);
        if ('findings' in judged) throw notValid(name, judged.findings);
        terminal.out(options.output === 'yaml' ? toYaml(document) : JSON.stringify(document, null, 2));
        return;
      }
      const dryRun = options.dryRun !== undefined;
      await withClient(command, terminal, (client) =>
        createFromTemplate(client, template, { metadata, parameters }, { dryRun, comment }, randomUUID()),
      );
      terminal.out(`${objectName(taskSequence, name)} created${dryRun ? ' (dry run)' : ''}`);
    });
}

/** What is wrong beside the parameters: the name, a folder, a label. */
function notValid(name: string, findings: readonly ProblemFinding[]): CliError {
  const message = `${objectName(taskSequence, name)} would not be valid`;
  return new CliError('document.invalid', message, EXIT_CODES.usage, { findings });
}

/** All that is missing or wrong, in the words of this command. */
function notFilled(template: string, found: readonly ProblemFinding[]): CliError {
  const findings = found.map((one) => {
    const name = one.path.replace('/parameters/', '');
    const missing = one.code === 'sequence.missing-field' && one.message === `"${name}" is missing`;
    return { ...one, path: name, ...(missing ? { fix: `add -p ${name}=…` } : {}) };
  });
  const message = `the template ${template} cannot be filled: ${findings.map(({ message: what }) => what).join('; ')}`;
  return new CliError('template.parameters', message, EXIT_CODES.usage, { findings });
}
