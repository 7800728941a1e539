import type { Plan } from '@muster/sequence/plan.js';
import type { StepReport } from '@muster/sequence/report.js';

const signs = { succeeded: '✓', failed: '✗', skipped: '-' } as const;

/** Turns reports into lines for people: one per step, indented like the tree, with outcome and elapsed time. */
export class HumanOutput {
  private shownGroups = new Set<number>();
  private stepStartedAt = 0;
  private runStartedAt = 0;

  /**
   * @param plan the instruction table of the run: groups and depths by position.
   * @param write takes one line without its end.
   */
  constructor(
    private readonly name: string,
    private readonly plan: Plan,
    private readonly write: (line: string) => void,
  ) {}

  show(report: StepReport): void {
    const at = Date.parse(report.at);
    switch (report.event) {
      case 'run-started':
        this.runStartedAt = at;
        this.write(`${this.name} (${report.total ?? 0} steps)`);
        break;
      case 'step-started':
        this.stepStartedAt = at;
        break;
      case 'step-finished':
        this.showStep(report, at);
        break;
      case 'run-finished':
        this.write(
          `${report.result ?? ''} in ${seconds(at - this.runStartedAt)}${report.message ? `: ${report.message}` : ''}`,
        );
        break;
    }
  }

  private showStep(report: StepReport, at: number): void {
    const instruction = this.plan.instructions[report.position ?? -1];
    const depth = instruction ? this.showGroups(instruction.parent) : 1;
    const outcome = report.outcome ?? 'skipped';
    const words = [signs[outcome], instruction?.name ?? report.path ?? ''];
    if (outcome === 'skipped') words.push(`(skipped: ${report.reason ?? ''})`);
    if (outcome === 'failed')
      words.push(`(${report.message ?? report.reason ?? 'failed'}${report.continuedOnError ? '; goes on' : ''})`);
    if ((report.attempt ?? 1) > 1) words.push(`[try ${report.attempt}]`);
    if (outcome !== 'skipped') words.push(seconds(at - this.stepStartedAt));
    this.write('  '.repeat(depth) + words.join(' '));
    const lastLine = outcome === 'failed' ? report.output?.split('\n').at(-1) : undefined;
    if (lastLine) this.write(`${'  '.repeat(depth + 1)}| ${lastLine}`);
  }

  /** Writes the names of the groups around a step that have not been written yet; returns the depth of the step. */
  private showGroups(parent: number): number {
    const group = this.plan.instructions[parent];
    if (!group) return 1;
    const depth = this.showGroups(group.parent);
    if (!this.shownGroups.has(parent)) {
      this.shownGroups.add(parent);
      this.write('  '.repeat(depth) + group.name);
    }
    return depth + 1;
  }
}

function seconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`;
}
