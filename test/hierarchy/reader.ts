import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { linkUser } from '@muster/localsite/nats.js';
import type { TestServers } from '@muster/testing/servers.js';
import type { Reading } from './reading-process.js';

/** The replication of a site in a process of its own. It ends with the process that started it. */
export class Reader {
  private constructor(private readonly child: ChildProcess) {}

  /** Ready to start; it has not read anything yet. @param linkKey PKCS #8 in PEM */
  static async open({ site, environment }: TestServers, linkKey: string): Promise<Reader> {
    const reading: Reading = {
      site: site.siteCode,
      databaseUrl: environment('catalog')['MUSTER_DATABASE_URL']!,
      bus: { url: `nats://127.0.0.1:${site.ports['nats']}`, ...linkUser(site.layout, 'catalog') },
      linkKey,
      comparisons: { lookMilliseconds: 200 },
      waits: true,
    };
    const env = { ...process.env, MUSTER_TEST_READING: JSON.stringify(reading) };
    const child = fork(join(import.meta.dirname, 'reading-process.js'), { env, execArgv: [] });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the replication of ${site.siteCode} ended with ${code}`)));
    });
    return new Reader(child);
  }

  start(): void {
    this.child.send('start');
  }

  stop(): void {
    this.child.disconnect();
  }
}
