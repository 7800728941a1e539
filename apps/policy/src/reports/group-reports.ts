import type { IncomingReport } from './delivery.js';

/** A fact may be at most this long: a message of the bus carries 1 MiB, and a batch of facts shares one. */
export const MOST_FACT_BYTES = 200_000;

/** Numbers of one run for one fact: ranges of consecutive ones, first and last, in order. */
export interface ReportGroup {
  readonly runId: string;
  readonly ranges: [first: number, last: number][];
}

/**
 * Groups reports by run, in order of their numbers; a run with very much to say is split over several groups, in order.
 *
 * @param reports none twice
 */
export function groupReports(
  reports: readonly Pick<IncomingReport, 'runId' | 'number' | 'json'>[],
  mostBytes = MOST_FACT_BYTES,
): ReportGroup[] {
  const groups: ReportGroup[] = [];
  const open = new Map<string, { group: ReportGroup; bytes: number }>();
  for (const { runId, number, json } of [...reports].sort((one, other) => one.number - other.number)) {
    const bytes = Buffer.byteLength(json) + 1;
    let current = open.get(runId);
    if (!current || current.bytes + bytes > mostBytes) {
      current = { group: { runId, ranges: [] }, bytes: 0 };
      open.set(runId, current);
      groups.push(current.group);
    }
    const range = current.group.ranges.at(-1);
    if (range && range[1] + 1 === number) range[1] = number;
    else current.group.ranges.push([number, number]);
    current.bytes += bytes;
  }
  return groups;
}
