import { leafUser } from '@muster/localsite/nats.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { newLinkKey, newLinkKeyPem, Station } from '../../libs/replication/test/station.js';

/** A central and a primary site with servers of their own, and a proxy between them that cuts their link. */
export interface TwoSites {
  readonly hub: TestServers;
  readonly leaf: TestServers;
  readonly proxy: TcpProxy;
  readonly central: Station;
  readonly primary: Station;
  /** Link key of the primary site, PKCS #8 in PEM: for a process that takes its place. */
  readonly primaryKey: string;
  /** Whether both have the same. False also while a database does not answer. */
  level(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts both, joined; neither reads the other yet. */
export async function startTwoSites(): Promise<TwoSites> {
  const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
  const proxy = await TcpProxy.open(await freePort(), hub.site.ports['nats-leaf']!);
  const parent = { host: '127.0.0.1', port: proxy.port, ...leafUser(hub.site.layout, 'PR1') };
  const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
  const primaryKey = newLinkKeyPem();
  const keys = [newLinkKey(), new LinkKey(primaryKey)] as const;
  const central = await Station.open(hub, keys[0]);
  const primary = await Station.open(leaf, keys[1]);
  const places = [
    { code: 'CAS', kind: 'central', publicKey: keys[0].publicKey, revoked: false },
    { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: keys[1].publicKey, revoked: false },
  ] as const;
  for (const station of [central, primary]) await station.know(...places);
  return {
    hub,
    leaf,
    proxy,
    central,
    primary,
    primaryKey,
    async level() {
      try {
        const [one, other] = await Promise.all([central.digest(), primary.digest()]);
        return one === other;
      } catch {
        return false;
      }
    },
    async stop() {
      await Promise.all([central.close(), primary.close()]);
      await proxy.close();
      await Promise.all([hub.stop(), leaf.stop()]);
    },
  };
}
