import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReportsRequest, ReportsResponse } from '@muster/contracts/agent/reports.js';
import { pino } from 'pino';
import { Bell } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import { ReportSender } from './report-sender.js';
import { Spool } from './spool.js';

let folder: string;
let spool: Spool;
let sent: string[][];
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-sender-'));
  spool = new Spool(folder, pino({ level: 'silent' }));
  sent = [];
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  spool.close();
  rmSync(folder, { recursive: true, force: true });
});

const key = ({ report }: ReportsRequest['reports'][number]): string => `${report.runId}/${report.number}`;
const keys = (batch: ReportsRequest): string[] => batch.reports.map(key);

function fill(runId: string, count: number): void {
  const run = spool.of({ runId, deploymentUid: '0193e7a0-0000-7000-8000-0000000000d1' });
  for (let number = 1; number <= count; number += 1) run.append({ event: 'step-started', runId, number, at: 'now' });
}

/** The sender at work against a site that answers as `answer` says. */
function begin(answer: (batch: ReportsRequest) => ReportsResponse): Promise<void> {
  const api = {
    reports: async (batch: ReportsRequest): Promise<ReportsResponse> => {
      sent.push(keys(batch));
      return answer(batch);
    },
  };
  const logger = pino({ level: 'silent' });
  const sender = new ReportSender({ api, spool, logger, news: new Bell(), acknowledged: () => undefined });
  return sender.run(stop.signal, stop.signal);
}

const acknowledge = (batch: ReportsRequest): ReportsResponse => ({
  acknowledged: batch.reports.map(({ report }) => ({ runId: report.runId, number: report.number })),
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

describe('sending reports', () => {
  it('takes at most 500 at once, in the order of their numbers', async () => {
    fill('a', 1100);
    void begin(acknowledge);
    await until(() => spool.size === 0);
    expect(sent.map((batch) => batch.length)).toEqual([500, 500, 100]);
    expect(sent.flat()).toEqual(Array.from({ length: 1100 }, (_, index) => `a/${index + 1}`));
  });

  it('sends again only what was not acknowledged', async () => {
    fill('a', 3);
    let first = true;
    void begin((batch) => {
      const { acknowledged } = acknowledge(batch);
      const some = first ? acknowledged.slice(1) : acknowledged;
      first = false;
      return { acknowledged: some };
    });
    await until(() => spool.size === 0);
    expect(sent).toEqual([['a/1', 'a/2', 'a/3'], ['a/1']]);
  });

  it('lets a run that the site does not want wait, keeps its reports, and delivers the others', async () => {
    fill('a', 2);
    fill('b', 3);
    void begin((batch) => {
      if (!keys(batch).some((one) => one.startsWith('a/'))) return acknowledge(batch);
      throw new ServerError('reports.not-assigned', 'not for this device', 403, undefined);
    });
    await until(() => spool.size === 2);
    expect(spool.batch(500, 1e6)).toEqual([]);
    expect(sent.at(-1)).toEqual(['b/1', 'b/2', 'b/3']);
  });

  it('keeps everything while the device itself is refused', async () => {
    fill('a', 2);
    void begin(() => {
      throw new ServerError('session.device-blocked', 'blocked', 403, undefined);
    });
    await until(() => sent.length === 2);
    expect([spool.size, sent[1]]).toEqual([2, ['a/1', 'a/2']]);
  });
});
