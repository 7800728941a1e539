import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

/** The repository. */
export const root = join(import.meta.dirname, '..', '..');

const reportSchema = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
    totalCruised: z.number(),
  }),
});

/** One refused import: paths from the top of the tree. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** Runs the project's own import rules over the `apps` and `libs` of a tree. */
export async function judgeImports(tree: string): Promise<{ violations: Violation[]; modules: number }> {
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [program, 'apps', 'libs', '--config', join(root, '.dependency-cruiser.js'), '--output-type', 'json'];
  // The exit code is the number of violations: what counts is the report.
  const text = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { cwd: tree, maxBuffer: 100_000_000 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(`dependency-cruiser failed: ${stderr}`, { cause: error }));
      else resolve(stdout);
    });
  });
  const { summary } = reportSchema.parse(JSON.parse(text));
  const violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { violations, modules: summary.totalCruised };
}
