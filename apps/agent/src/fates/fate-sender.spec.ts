import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { Bell } from '../http/backoff.js';
import { refused } from '../http/server-error.js';
import { FateBook } from './fate-book.js';
import { FateSender } from './fate-sender.js';

it('leaves out what the site refuses, and tells it the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-fate-sender-'));
  const stop = new AbortController();
  try {
    const book = new FateBook(join(folder, 'fates.json'));
    const names = ['a', 'b', 'bad', 'c', 'd'];
    const fates = names.map((uid) => [uid, { state: 'waiting', reason: 'window', says: 'waits' }] as const);
    book.note(new Map(fates), 1);
    const told: string[] = [];
    const sender = new FateSender({
      api: {
        fates: ({ fates }) => {
          const uids = fates.map(({ deploymentUid }) => deploymentUid);
          if (uids.includes('bad')) return Promise.reject(refused('POST fates', 400, '{}', undefined));
          told.push(...uids);
          return Promise.resolve({ acknowledged: fates.map(({ number }) => number) });
        },
      },
      book,
      logger: pino({ level: 'silent' }),
      news: new Bell(),
      deployments: () => new Set(names),
    });
    const running = sender.run(stop.signal, stop.signal);
    await until(() => book.unsent.length === 0);
    stop.abort();
    await running;
    expect(told.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  } finally {
    stop.abort();
    rmSync(folder, { recursive: true, force: true });
  }
});
