import { runReported } from '@muster/contracts/events/run-reported.js';
import { outboxRead } from '@muster/contracts/subjects.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { z } from 'zod';

export type ReportedRun = z.infer<typeof runReported.payload>;

/** All facts of runs that the policy service told so far, as the other services read them. */
export async function readReportedRuns(bus: Bus): Promise<ReportedRun[]> {
  const subject = runReported.subject({ site: 'S01' });
  const facts: ReportedRun[] = [];
  for (let after = 0; ;) {
    const { head, entries } = await bus.request(outboxRead('policy'), { consumer: 'deployment', after, limit: 1000 });
    for (const entry of entries) {
      if (entry.subject === subject) facts.push(runReported.payload.parse(entry.payload));
    }
    after = entries.at(-1)?.position ?? head;
    if (after >= head) return facts;
  }
}
