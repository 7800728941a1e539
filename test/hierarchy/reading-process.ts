import { LinkBus } from '@muster/messaging/link-bus.js';
import { Database } from '@muster/persistence/database.js';
import type { ComparisonTimes } from '@muster/replication/comparison-schedule.js';
import { ReplicaLog } from '@muster/replication/replica-log.js';
import { Replication } from '@muster/replication/replication.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { note } from '../../libs/replication/test/station.js';

/** What the process is told, as JSON in its environment. */
export interface Reading {
  readonly site: string;
  readonly databaseUrl: string;
  readonly bus: { readonly url: string; readonly user: string; readonly password: string };
  /** PKCS #8 in PEM. */
  readonly linkKey: string;
  readonly comparisons?: ComparisonTimes;
  /** Starts when it is told to, and says when it can: how long a process takes to come up is no part of what is measured. */
  readonly waits?: boolean;
}

/** A site's replication in a process of its own, as sites have it: to be killed, or measured. */
const { site, databaseUrl, bus, linkKey, comparisons, waits } = JSON.parse(
  process.env['MUSTER_TEST_READING'] ?? '{}',
) as Reading;
const database = new Database({ url: databaseUrl, schema: 'catalog' });
const links = await LinkBus.connect({ ...bus, site, service: 'catalog' });
const quiet = () => undefined;
const replication = new Replication(database, links, new ReplicaLog(site), [note], {
  here: site,
  key: new LinkKey(linkKey),
  report: { error: quiet, parked: quiet, waiting: quiet },
  ...(comparisons ? { comparisons } : {}),
});
if (waits) {
  await database.query('select');
  process.once('message', () => replication.start());
  process.send?.('ready');
} else replication.start();
// Nothing outlives the test that started it.
process.on('disconnect', () => process.exit(0));
