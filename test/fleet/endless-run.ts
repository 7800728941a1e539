import { randomUUID } from 'node:crypto';
import type { Assignment, PolicyDocument } from '@muster/contracts/agent/policy.js';
import type { StepReport } from '@muster/sequence/report.js';

/** It tells so many steps and then waits at the boundary of the last one. */
const MOST_STEPS = 4;

/** A run that goes on, step by step, until it is stopped: then it ends behind its step at hand. */
class EndlessRun {
  readonly runId = randomUUID();
  steps = 0;
  ended = false;
  private number = 0;

  constructor(readonly deploymentUid: string) {}

  begin(): StepReport[] {
    return [this.report({ event: 'run-started', total: MOST_STEPS }), this.startStep()];
  }

  /** The step at hand ends; the next one begins unless the run is to end. */
  goOn(stopped: boolean): StepReport[] {
    if (!stopped && this.steps === MOST_STEPS) return [];
    const end = this.report({ event: 'step-finished', path: `Step ${this.steps}`, outcome: 'succeeded', attempt: 1 });
    if (!stopped) return [end, this.startStep()];
    this.ended = true;
    return [end, this.report({ event: 'run-finished', result: 'failed', exitCode: 1, code: 'run.stopped' })];
  }

  get reports(): number {
    return this.number;
  }

  private startStep(): StepReport {
    this.steps += 1;
    return this.report({ event: 'step-started', path: `Step ${this.steps}`, attempt: 1 });
  }

  private report(said: Omit<StepReport, 'runId' | 'number' | 'at'>): StepReport {
    return { ...said, runId: this.runId, number: (this.number += 1), at: new Date().toISOString() };
  }
}

/** What a device does with the endless deployment: one run, sooner or later, while nothing holds it. */
export class EndlessWork {
  private assignment: Assignment | undefined;
  private stops: PolicyDocument['stops'];
  private run: EndlessRun | undefined;

  get deploymentUid(): string {
    return this.assignment?.deployment.uid ?? '';
  }

  get goesOn(): boolean {
    return this.run?.ended === false;
  }

  hear(assignment: Assignment, stops: PolicyDocument['stops']): void {
    this.assignment = assignment;
    this.stops = stops;
  }

  /**
   * Begins it, or goes on with it. Answers what is to be told, and what has ended.
   *
   * @param began a run begins
   */
  work(random: () => number, began: () => void): { reports: StepReport[]; ended?: EndlessRun } {
    const { assignment, run } = this;
    if (!assignment || run?.ended) return { reports: [] };
    const { hold, deployment } = assignment;
    if (!run) {
      if (hold !== undefined || random() > 0.3) return { reports: [] };
      began();
      this.run = new EndlessRun(deployment.uid);
      return { reports: this.run.begin() };
    }
    const { runs = [], deployments = [] } = this.stops ?? {};
    const reports = run.goOn(hold === 'Runs' || runs.includes(run.runId) || deployments.includes(run.deploymentUid));
    return run.ended ? { reports, ended: run } : { reports };
  }
}
