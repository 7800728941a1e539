import { existsSync } from 'node:fs';
import type { ChildSpec } from './child.js';
import { serviceDatabaseUrl } from './databases.js';
import { keptSecret, linkKeyFile, pointCredentialsFile, sealingKeyFile, siteKeyFile } from './keys.js';
import type { SiteLayout } from './layout.js';
import { linkUser, natsPassword } from './nats.js';
import { mailEnvironment, type MailOfSite } from './mail.js';
import { builtApp } from './repository.js';

/** A service process of the site: its name is also its database role, schema and NATS user. */
export interface ServiceProcess {
  readonly name: string;
  /** Path of its main.js. */
  readonly script: string;
}

/** What a site is for. */
export type SiteKind = 'central' | 'primary' | 'secondary';

/** What every service needs to know of the site. */
export interface SiteFacts {
  readonly layout: SiteLayout;
  readonly siteCode: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly logLevel: string;
  readonly pollSeconds: number;
  readonly adminTokenDigest: string;
  /** Default: primary. */
  readonly siteKind?: SiteKind | undefined;
  /** Networks that webhooks may be sent to although they are not the public internet. */
  readonly webhookNetworks?: readonly string[] | undefined;
  readonly mail?: MailOfSite | undefined;
}

/** Names of the four services, in the order in which they are listed to people. */
export const serviceNames = ['catalog', 'deployment', 'content', 'policy'] as const;

/** The four services as they were built. Throws `up.not-built`. */
export function siteServices(): ServiceProcess[] {
  return serviceNames.map((name) => ({ name, script: builtApp(name) }));
}

/** How to run a service: everything it is told, it is told by its environment. */
export function serviceChild(service: ServiceProcess, site: SiteFacts): ChildSpec {
  const httpPort = site.ports[`${service.name}-http`] ?? 0;
  return {
    name: service.name,
    script: service.script,
    env: {
      MUSTER_SITE: site.siteCode,
      MUSTER_HOST: '127.0.0.1',
      MUSTER_HTTP_PORT: String(httpPort),
      MUSTER_GRPC_PORT: String(site.ports[`${service.name}-grpc`] ?? 0),
      MUSTER_DATABASE_URL: serviceDatabaseUrl(site.layout, site.ports['postgres'] ?? 0, service.name),
      MUSTER_NATS_URL: `nats://127.0.0.1:${site.ports['nats'] ?? 0}`,
      MUSTER_NATS_USER: service.name,
      MUSTER_NATS_PASSWORD: natsPassword(site.layout, service.name),
      MUSTER_LINK_NATS_USER: linkUser(site.layout, service.name).user,
      MUSTER_LINK_NATS_PASSWORD: linkUser(site.layout, service.name).password,
      MUSTER_LINK_KEY_FILE: linkKeyFile(site.layout.keys),
      MUSTER_LOG_LEVEL: site.logLevel,
      MUSTER_MIGRATE: 'true',
      ...ownSettings(service.name, site),
    },
    tier: 1,
    // Longer than the service's own limit for work in flight (MUSTER_SHUTDOWN_SECONDS, 15 s).
    graceSeconds: 20,
    ready: { url: `http://127.0.0.1:${httpPort}/readyz` },
  };
}

function ownSettings(service: string, site: SiteFacts): Record<string, string> {
  if (service === 'policy') {
    return {
      MUSTER_SITE_KEY_FILE: siteKeyFile(site.layout.keys),
      MUSTER_ADMIN_TOKEN_SHA256: site.adminTokenDigest,
      MUSTER_POLL_SECONDS: String(site.pollSeconds),
      MUSTER_SITE_KIND: site.siteKind ?? 'primary',
      MUSTER_BUS_LINKS_FILE: site.layout.busLinks,
      ...(site.ports['nats-leaf'] === undefined ? {} : { MUSTER_LEAF_ADDRESS: `127.0.0.1:${site.ports['nats-leaf']}` }),
      ...(existsSync(sealingKeyFile(site.layout.keys))
        ? { MUSTER_SEALING_KEY_FILE: sealingKeyFile(site.layout.keys) }
        : {}),
    };
  }
  if (service === 'deployment') {
    return {
      MUSTER_WEBHOOK_KEY: keptSecret(site.layout.keys, 'webhook-key', 32),
      MUSTER_WEBHOOK_NETWORKS: (site.webhookNetworks ?? []).join(','),
      ...mailEnvironment(site.mail),
    };
  }
  if (service === 'content') {
    return {
      ...bucketSettings('MUSTER_LIBRARY', site, storeBuckets.library),
      MUSTER_LIBRARY_COMPRESSES: 'true',
      ...bucketSettings('MUSTER_DP', site, storeBuckets.distributionPoint),
      MUSTER_POINT_CREDENTIALS_FILE: pointCredentialsFile(site.layout.keys),
    };
  }
  return {};
}

/** Buckets of the site's store, each with keys of its own. */
export const storeBuckets = { library: 'library', distributionPoint: 'dp-local' } as const;

/** Access key and secret of a bucket; the secret is made once. */
export function bucketKeys(layout: SiteLayout, bucket: string): { accessKeyId: string; secretAccessKey: string } {
  return { accessKeyId: `muster-${bucket}`, secretAccessKey: keptSecret(layout.keys, `store-${bucket}`, 30) };
}

function bucketSettings(prefix: string, site: SiteFacts, bucket: string): Record<string, string> {
  const keys = bucketKeys(site.layout, bucket);
  return {
    [`${prefix}_ENDPOINT`]: `http://127.0.0.1:${site.ports['store'] ?? 0}`,
    [`${prefix}_BUCKET`]: bucket,
    [`${prefix}_REGION`]: storeRegion,
    [`${prefix}_ACCESS_KEY`]: keys.accessKeyId,
    [`${prefix}_SECRET_KEY`]: keys.secretAccessKey,
  };
}

/** Region that the store signs for. */
export const storeRegion = 'us-east-1';
