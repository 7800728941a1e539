import type { StepReport } from '@muster/sequence/report.js';
import { askChild, startChild } from './poll-load.js';

/** Reports of whole runs, a run in each request, from a process of its own: each connection sends again as soon as it is answered. */
export interface ReportLoad {
  readonly port: number;
  readonly site: string;
  /** Of access tokens, in Base64. */
  readonly secret: string;
  readonly devices: number;
  readonly deploymentUid: string;
  readonly connections: number;
  readonly reportsPerRun: number;
  readonly seconds: number;
}

export interface ReportResult {
  readonly runs: number;
  readonly seconds: number;
  /** How many requests had each status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** What a run tells that has as many steps as make so many reports (an even number, at least 4). */
export function reportsOfRun(runId: string, count: number): StepReport[] {
  const steps = (count - 2) / 2;
  const at = new Date().toISOString();
  const reports: StepReport[] = [{ event: 'run-started', total: steps, runId, number: 1, at }];
  const add = (report: Omit<StepReport, 'runId' | 'number' | 'at'>): void => {
    reports.push({ ...report, runId, number: reports.length + 1, at });
  };
  for (let step = 1; step <= steps; step += 1) {
    const path = `Install/Step ${step}`;
    add({ event: 'step-started', path, position: step, stepType: 'RunCommandLine', attempt: 1 });
    add({
      event: 'step-finished',
      path,
      position: step,
      outcome: 'succeeded',
      attempt: 1,
      exitCode: 0,
      output: 'done',
    });
  }
  add({ event: 'run-finished', result: 'succeeded', exitCode: 0 });
  return reports;
}

/** Runs a load to its end. @throws Error when anything was not acknowledged */
export async function sendReports(load: ReportLoad): Promise<ReportResult> {
  const child = startChild('report-load-process.js');
  const result = await askChild<ReportResult>(child, load);
  child.disconnect();
  if (Object.keys(result.statuses).some((status) => status !== '200'))
    throw new Error(`reports were answered with ${JSON.stringify(result.statuses)}`);
  return result;
}
