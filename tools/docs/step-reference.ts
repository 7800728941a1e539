import { STEP_CATEGORIES, type StepDefinition } from '@muster/sequence/steps/definition.js';
import { settingsJsonSchema } from '@muster/sequence/steps/registry-schemas.js';
import { STEP_DEFINITIONS } from '@muster/sequence/steps/registry.js';
import * as prettier from 'prettier';
import { type SettingRow, settingRows } from './describe-schema.js';

const introduction = `# Step types

This page is made from the registry of step types by \`npm run docs:steps\`; a test compares the two. What a step may have
beside its settings (condition, retry, timeout, success codes …) is the same for all types: \`libs/contracts/schemas/resources/task-sequence-input.json\`.

- \`%NAME%\` may stand in any setting, also where the table says number, true or false, or a choice. It is replaced just before
  the step; then the value has to fit.
- A setting with a **variable** is published under that name while the step runs. Where a variable of that name exists already,
  it wins over the setting, in every step of the type: that is how a collection or a device changes a step without an edit.
- A **secret** is masked wherever it would be seen, and left out of exports.
- **Repeatable** steps are begun again when the computer died while they ran; a step of a sequence may say otherwise. Others fail with
  \`step.interrupted\`.
- A type that Muster **cannot run yet** is part of documents, is checked and can be simulated. On a computer the step fails with
  \`step.type-unsupported\`, so that continue on error decides.
- **Windows**: executors that are written for Windows too have never run on a real one. Take them as untried.
- Run Task Sequence is no step type here: write \`sequence: NAME\` in place of a step.
`;

/** docs/steps.md: every step type of the registry, by category, as formatted Markdown. */
export async function stepReference(definitions: readonly StepDefinition[] = STEP_DEFINITIONS): Promise<string> {
  const categories = STEP_CATEGORIES.map((category) => ({
    category,
    members: definitions.filter((definition) => definition.category === category),
  })).filter(({ members }) => members.length > 0);
  const overview = table(
    ['Category', 'Step', 'Type', 'Runs'],
    categories.flatMap(({ category, members }) =>
      members.map((member) => [category, `[${member.title}](#${anchor(member)})`, `\`${member.type}\``, runs(member)]),
    ),
  );
  const sections = categories.map(({ category, members }) => [`## ${category}`, ...members.map(section)].join('\n\n'));
  const text = [introduction, overview, ...sections].join('\n\n');
  return prettier.format(text, { parser: 'markdown', printWidth: 120 });
}

function section(definition: StepDefinition): string {
  const { type, title, help, defaults, repeatable } = definition;
  const rows = settingRows(settingsJsonSchema(definition));
  const facts = [
    `Type \`${type}\``,
    `runs: ${runs(definition)}`,
    `success codes ${defaults.successCodes.join(', ')}`,
    ...(defaults.timeoutSeconds === undefined ? [] : [`timeout ${defaults.timeoutSeconds} s`]),
    repeatable ? 'repeatable' : 'not repeatable',
    ...(definition.ignoresContinueOnError ? ['continue on error has no effect'] : []),
  ];
  const settings =
    rows.length === 0
      ? 'No settings.'
      : table(
          ['Setting', 'What it may be', 'Default', 'Variable', 'Meaning'],
          rows.map((row) => settingCells(row, definition)),
        );
  return [`### ${title}`, escapeText(help), `${facts.join(' · ')}.`, settings].join('\n\n');
}

function settingCells(row: SettingRow, { variables = {}, secretSettings = [] }: StepDefinition): string[] {
  const variable = Object.hasOwn(variables, row.name) ? variables[row.name] : undefined;
  const secret = secretSettings.includes(row.name) ? '**secret**' : '';
  return [
    `\`${row.name}\``,
    row.type,
    row.required ? 'required' : row.default === undefined ? '' : `\`${String(row.default)}\``,
    variable === undefined ? '' : `\`${variable}\``,
    [secret, escapeText(row.description)].filter((part) => part !== '').join('; '),
  ];
}

/** Whether Muster can run a type today, and where. */
function runs({ execution, platforms = ['linux'] }: StepDefinition): string {
  if (execution === 'engine') return 'wherever the agent runs';
  if (execution === 'unsupported') return 'not yet';
  return platforms.includes('windows') ? 'Linux; Windows untried' : 'Linux';
}

function anchor({ title }: StepDefinition): string {
  return title
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9-]/g, '');
}

/** Underscores of variable names and angle brackets are no markup here. */
function escapeText(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[_*<]/g, (sign) => `\\${sign}`)))
    .join('`');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
