import type { StepReport } from '@muster/sequence/report.js';

/** A fact may be at most this long: a message of the bus carries 1 MiB, and a batch of facts shares one. */
export const MOST_FACT_BYTES = 200_000;

/** Reports of one run for one fact. */
export interface ReportGroup {
  runId: string;
  reports: StepReport[];
}

/** Groups reports by run, in order of their numbers; a run with very much to say is split over several groups, in order. */
export function groupReports(reports: readonly StepReport[], mostBytes = MOST_FACT_BYTES): ReportGroup[] {
  const groups: ReportGroup[] = [];
  const open = new Map<string, { group: ReportGroup; bytes: number }>();
  for (const report of [...reports].sort((one, other) => one.number - other.number)) {
    const bytes = Buffer.byteLength(JSON.stringify(report)) + 1;
    let current = open.get(report.runId);
    if (!current || current.bytes + bytes > mostBytes) {
      current = { group: { runId: report.runId, reports: [] }, bytes: 0 };
      open.set(report.runId, current);
      groups.push(current.group);
    }
    current.group.reports.push(report);
    current.bytes += bytes;
  }
  return groups;
}
