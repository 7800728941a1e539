import { judgeInput } from '@muster/contracts/judge.js';
import type { Command } from 'commander';
import {
  type LocatedFinding,
  locate,
  nameOf,
  placeText,
  readDocuments,
  type ReadDocuments,
} from '../../documents/read-documents.js';
import { SilentExit } from '../../errors/cli-error.js';
import { EXIT_CODES } from '../../errors/exit-codes.js';
import { findingLine } from '../../errors/print-error.js';
import type { Terminal } from '../../terminal.js';
import { listOutputOption } from '../arguments.js';

const help = `
Needs no server: every finding of every document of every kind, with its line and column. What only a site knows (does the
package exist?) is checked by apply --dry-run=server. Exit code 1 when there are errors; with --strict also for warnings.
For completion and hints while you write, see docs/authoring.md.

Examples:
  muster lint hello-site.yaml
  muster lint sequences/ --strict
  generate-sequence | muster lint - -o json`;

/** `muster lint FILE…`. */
export function registerLint(program: Command, terminal: Terminal): void {
  program
    .command('lint')
    .description('check documents on this computer, no server')
    .argument('<files...>', 'files, folders or -')
    .option('--strict', 'warnings are errors')
    .addOption(listOutputOption())
    .addHelpText('after', help)
    .action(async (files: string[], options: { strict?: boolean; output: 'table' | 'json' }) => {
      const read = await readDocuments(files, terminal);
      const findings = lintDocuments(read);
      const errors = findings.filter(({ severity }) => severity === 'error').length;
      const warnings = findings.length - errors;
      const documents = read.documents.length;
      if (options.output === 'json') terminal.out(JSON.stringify({ documents, errors, warnings, findings }, null, 2));
      else {
        for (const finding of findings) terminal.out(findingLine(finding, () => placeText(finding)));
        terminal.error(
          `${counted(documents, 'document')}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`,
        );
      }
      if (errors > 0 || (options.strict && warnings > 0)) throw new SilentExit(EXIT_CODES.failed);
    });
}

/** Everything that is wrong with documents, by file and line. Pure. */
export function lintDocuments(read: ReadDocuments): LocatedFinding[] {
  const findings = [...read.findings];
  const first = new Map<string, string>();
  for (const document of read.documents) {
    const { kind, input, placeOf, place } = document;
    const judged = judgeInput(kind, input);
    for (const finding of 'findings' in judged ? judged.findings : judged.warnings)
      findings.push(locate(finding, placeOf));
    if (!kind.verbs.includes('apply')) {
      const message = `${kind.kind} objects are made by the site itself`;
      const fix = 'remove the document';
      findings.push(locate({ path: '/kind', code: 'document.read-only-kind', message, fix }, placeOf));
    }
    const name = nameOf(document);
    const before = first.get(name);
    if (before === undefined) first.set(name, place);
    else {
      const message = `${name} is also in ${before}: the last one would win`;
      const fix = 'rename or remove one';
      findings.push(locate({ path: '/metadata/name', code: 'document.duplicate-name', message, fix }, placeOf));
    }
  }
  const files = [...new Set(findings.map(({ file }) => file))];
  return findings
    .map((finding) => ({ ...finding, severity: finding.severity ?? ('error' as const) }))
    .sort(
      (a, b) =>
        files.indexOf(a.file) - files.indexOf(b.file) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
