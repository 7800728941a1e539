import { LinkBus } from '@muster/messaging/link-bus.js';
import { Database } from '@muster/persistence/database.js';
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
}

/** A site's replication in a process of its own: to be killed. */
const { site, databaseUrl, bus, linkKey } = JSON.parse(process.env['MUSTER_TEST_READING'] ?? '{}') as Reading;
const database = new Database({ url: databaseUrl, schema: 'catalog' });
const links = await LinkBus.connect({ ...bus, site, service: 'catalog' });
const quiet = () => undefined;
new Replication(database, links, new ReplicaLog(site), [note], {
  here: site,
  key: new LinkKey(linkKey),
  report: { error: quiet, parked: quiet, waiting: quiet },
}).start();
// Nothing outlives the test that started it.
process.on('disconnect', () => process.exit(0));
