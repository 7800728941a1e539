import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { sealingKeySchema } from '@muster/contracts/sealing.js';
import { leafUser } from '@muster/localsite/nats.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { openWorld, type World } from './world.js';

/** A central site CAS and a primary one PR1, each with servers of its own, joined by a link that can be cut. */
export class JoinedSites {
  private constructor(
    private readonly servers: readonly TestServers[],
    readonly link: TcpProxy,
    readonly central: World,
    readonly primary: World,
    readonly sites: readonly HierarchySiteRecord[],
  ) {}

  /** @param settings of the service at the central site */
  static async open(settings: Record<string, string> = {}): Promise<JoinedSites> {
    const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1'] }, store: false });
    const link = await TcpProxy.open(await freePort(), hub.site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: link.port, ...leafUser(hub.site.layout, 'PR1') };
    const leaf = await startServers({ siteCode: 'PR1', links: { parent }, store: false });
    const [central, primary] = [await openWorld(hub, settings), await openWorld(leaf)];
    const sites: HierarchySiteRecord[] = [
      { code: 'CAS', kind: 'central', parent: null, publicKey: publicKey(hub), revoked: false },
      { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: publicKey(leaf), revoked: false },
    ];
    const { kty, crv, x } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    const key = sealingKeySchema.parse({ kty, crv, x });
    const ignore = () => undefined;
    for (const { policy } of [central, primary]) {
      policy.bus.answer(readSealingKey, async () => ({ key }), ignore);
      policy.bus.answer(compareSecrets, async ({ pairs }) => ({ same: pairs.map(() => false) }), ignore);
      for (const site of sites) await policy.publish(hierarchySiteChanged, site);
    }
    return new JoinedSites([hub, leaf], link, central, primary, sites);
  }

  async close(): Promise<void> {
    await this.central.close();
    await this.primary.close();
    await this.link.close();
    await Promise.all(this.servers.map((one) => one.stop()));
  }
}

function publicKey(one: TestServers) {
  return new LinkKey(readFileSync(one.environment('deployment')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
}
