import type { Plan } from '@muster/sequence/plan.js';
import type { StepReport } from '@muster/sequence/report.js';
import { progressBar } from './live-status.js';

const signs = { succeeded: '✓', failed: '✗', skipped: '-' } as const;

/** Turns reports into lines for people: one per step, indented like the tree, with outcome and elapsed time. */
export class HumanOutput {
  private shownGroups = new Set<number>();
  private stepStartedAt = 0;
  private runStartedAt = 0;
  private running: string | undefined;
  private progress = '';
  private total = 0;
  private done = 0;

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
        this.total = report.total ?? 0;
        this.write(`${this.name} (${report.total ?? 0} steps)`);
        break;
      case 'step-started':
        this.stepStartedAt = at;
        this.running = report.path;
        this.progress = '';
        break;
      case 'step-finished':
        this.running = undefined;
        if (report.reason !== 'disabled') this.done += 1;
        this.showStep(report, at);
        break;
      case 'run-finished':
        this.running = undefined;
        this.write(
          `${report.result ?? ''} in ${seconds(at - this.runStartedAt)}${report.message ? `: ${report.message}` : ''}`,
        );
        break;
    }
  }

  /** Something between the steps. */
  note(text: string): void {
    this.write(`  -- ${text} --`);
  }

  /** What the step at work says of itself. */
  showProgress(text: string): void {
    this.progress = text;
  }

  /** One line on what is done now: bar, step, elapsed time, its own words. */
  status(now: number): string | undefined {
    if (this.running === undefined) return undefined;
    const elapsed = seconds(now - this.stepStartedAt);
    return [progressBar(this.done, this.total), this.running, elapsed, this.progress].filter(Boolean).join('  ');
  }

  private showStep(report: StepReport, at: number): void {
    const instruction = this.plan.instructions[report.position ?? -1];
    const depth = instruction ? this.showGroups(instruction.parent) : 1;
    const outcome = report.outcome ?? 'skipped';
    const words = [signs[outcome], instruction?.name ?? report.path ?? ''];
    if (outcome === 'skipped') words.push(`(skipped: ${[report.reason, report.message].filter(Boolean).join('; ')})`);
    if (outcome === 'failed')
      words.push(`(${report.message ?? report.reason ?? 'failed'}${report.continuedOnError ? '; goes on' : ''})`);
    for (const warning of report.warnings ?? []) words.push(`(warning: ${warning})`);
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
