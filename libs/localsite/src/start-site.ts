import { followBusLinks, readBusLinks } from './bus-links.js';
import type { ChildEvent } from './child.js';
import { prepareDatabases } from './databases.js';
import { edgeChild, type EdgeRoutes, siteRoutes } from './edge.js';
import { adminToken, forgetFormerSiteKeys, keepSealingKey, renewLinkKey, renewSiteKey } from './keys.js';
import {
  createFolders,
  layoutVersion,
  readSiteFile,
  type SiteFile,
  type SiteLayout,
  siteLayout,
  writeSiteFile,
} from './layout.js';
import { endLeftovers } from './leftovers.js';
import { natsChild, type BusLinks } from './nats.js';
import { requireNatsServer } from './nats-server.js';
import { choosePorts, requirePublicPort } from './ports.js';
import { postgresChild, preparePostgres } from './postgres.js';
import { postgresPrograms } from './postgres-programs.js';
import { builtApp } from './repository.js';
import { serviceChild, serviceNames, type ServiceProcess, type SiteKind, siteServices } from './services.js';
import { lockSite, type ReleaseLock } from './site-lock.js';
import { storeChild } from './store.js';
import type { MailOfSite } from './mail.js';
import { Supervisor } from './supervisor.js';

/** How to start a site; everything but the data folder has a default. */
export interface StartSiteOptions {
  readonly dataFolder: string;
  /** Public port. Default: the one used last time, 7700 on first start. */
  readonly port?: number;
  /** Public ports of other sites that are started beside this one. */
  readonly otherPorts?: readonly number[];
  /** Public address, default 127.0.0.1. */
  readonly host?: string;
  /** Default S01; counts on first start only. */
  readonly siteCode?: string;
  /** What the site is for, until it belongs to a hierarchy. Default primary. */
  readonly siteKind?: SiteKind;
  /** The key to which all sites of a hierarchy seal their secrets, as in `keys/sealing-key` of another. Default: the site's own. */
  readonly sealingKey?: string;
  /** Buses of other sites that this one's is connected to. Default: as the policy service says. */
  readonly links?: BusLinks;
  readonly logLevel?: string;
  /** Seconds between two looks of an agent for policy, default 2 on one machine. */
  readonly pollSeconds?: number;
  /** Networks (CIDR) that webhooks may be sent to although they are not the public internet. Default: none. */
  readonly webhookNetworks?: readonly string[];
  /** The mail server that gets alerts. Default: none. */
  readonly mail?: MailOfSite | undefined;
  /** Make a new admin token in place of a lost one. */
  readonly renewAdminToken?: boolean;
  /** Give the site another link key; its neighbours learn it from the one before. A new site has a new one anyway. */
  readonly renewLinkKey?: boolean;
  /** Makes a new key by which policy is signed; the ones before vouch for it. Not for a new site, which makes its first. */
  readonly renewSiteKey?: boolean;
  /** Gives up the signing keys before the one that counts: they vouch for it no longer. */
  readonly forgetFormerSiteKeys?: boolean;
  /** Default: the four services as built. */
  readonly services?: readonly ServiceProcess[];
  /** Path of the store's main.js, null for none. Default: as built. */
  readonly storeScript?: string | null;
  /** What the edge proxy forwards to, null for no proxy. Default: the four services. */
  readonly edgeRoutes?: EdgeRoutes | null;
  /** Ends the start as if it had failed: what runs by then is stopped, and the promise rejects. A site that is up ignores it. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ChildEvent) => void;
  /** Told about things worth a line: a changed port, a killed leftover, an installation. */
  readonly onNote?: (line: string) => void;
}

/** A site that runs. */
export interface RunningSite {
  readonly siteCode: string;
  readonly layout: SiteLayout;
  /** Base address of the public API, without a slash at the end. */
  readonly url: string;
  /** Ports by name: edge, postgres, nats, nats-monitor, store, <service>-http, <service>-grpc. */
  readonly ports: Readonly<Record<string, number>>;
  readonly firstStart: boolean;
  /** Only when it was made by this start: it is kept nowhere. */
  readonly adminToken?: string;
  readonly supervisor: Supervisor;
  /** Stops everything in order and releases the data folder. */
  stop(): Promise<void>;
}

const defaultPort = 7700;
const leftoverGraceSeconds = 10;

/**
 * Starts a whole site of real processes on this machine, or resumes the one in the data folder.
 * Throws `UpError` (see its codes); whatever was started by then is stopped again.
 */
export async function startSite(options: StartSiteOptions): Promise<RunningSite> {
  const layout = siteLayout(options.dataFolder);
  const known = readSiteFile(layout);
  const release = lockSite(layout.lockFile);
  try {
    return await startLocked(options, layout, known, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Stops a site; the same as `site.stop()`. */
export async function stopSite(site: RunningSite): Promise<void> {
  await site.stop();
}

async function startLocked(
  options: StartSiteOptions,
  layout: SiteLayout,
  known: SiteFile | null,
  release: ReleaseLock,
): Promise<RunningSite> {
  const note = options.onNote ?? (() => undefined);
  const host = options.host ?? '127.0.0.1';
  const services = options.services ?? siteServices();
  const storeScript = options.storeScript === undefined ? builtApp('store') : options.storeScript;
  const edgeScript = options.edgeRoutes === null ? null : builtApp('edge');
  const programs = await postgresPrograms();
  const natsServer = requireNatsServer(note);
  for (const name of await endLeftovers(layout.childrenFile, leftoverGraceSeconds)) {
    note(`${name} of the last run had not ended and was killed`);
  }
  const edgePort = options.port ?? known?.ports['edge'] ?? defaultPort;
  await requirePublicPort(edgePort, host);
  createFolders(layout);
  const links = options.links ?? readBusLinks(layout);
  const publicPorts = [edgePort, ...(options.otherPorts ?? [])];
  const chosen = await choosePorts(portNames(services, links), known?.ports ?? {}, publicPorts);
  chosen.notes.forEach(note);
  const ports: Record<string, number> = { ...chosen.ports, edge: edgePort };
  const siteCode = known?.siteCode ?? options.siteCode ?? 'S01';
  const createdAt = known?.createdAt ?? new Date().toISOString();
  writeSiteFile(layout, { layoutVersion, siteCode, createdAt, ports });
  const admin = adminToken(layout.keys, options.renewAdminToken ?? false);
  if (options.renewLinkKey && known) renewLinkKey(layout.keys);
  if (options.renewSiteKey && known) renewSiteKey(layout.keys);
  if (options.forgetFormerSiteKeys && known) forgetFormerSiteKeys(layout.keys);
  keepSealingKey(layout.keys, known === null, options.sealingKey);
  const supervisor = new Supervisor(layout.logs, layout.childrenFile);
  if (options.onEvent !== undefined) supervisor.on('child', options.onEvent);
  const postgresPort = ports['postgres'] ?? 0;
  const roles = [...new Set([...serviceNames, ...services.map((service) => service.name)])];
  const logLevel = options.logLevel ?? 'info';
  const facts = {
    layout,
    siteCode,
    ports,
    logLevel,
    pollSeconds: options.pollSeconds ?? 2,
    adminTokenDigest: admin.digest,
    siteKind: options.siteKind,
    webhookNetworks: options.webhookNetworks,
    mail: options.mail,
  };
  const busOf = (wanted: BusLinks) => natsChild(layout, siteCode, ports, roles, natsServer, wanted);
  const startPostgres = async (): Promise<void> => {
    await preparePostgres(layout, programs, postgresPort);
    await supervisor.start(postgresChild(layout, programs, postgresPort));
    await prepareDatabases(layout, postgresPort, roles);
  };
  const startServices = async (): Promise<void> => {
    await Promise.all([startPostgres(), supervisor.start(busOf(links))]);
    await Promise.all(services.map((service) => supervisor.start(serviceChild(service, facts))));
  };
  const starts = [startServices()];
  if (edgeScript !== null) {
    const routes = options.edgeRoutes ?? siteRoutes(ports);
    starts.push(supervisor.start(edgeChild(edgeScript, host, edgePort, routes, logLevel)));
  }
  if (storeScript !== null) starts.push(supervisor.start(storeChild(layout, storeScript, ports['store'] ?? 0)));
  const allStarted = Promise.all(starts);
  // Waited for below; when the start is given up before that, their failures must not end the process.
  allStarted.catch(() => undefined);
  const giveUp = (): void => void supervisor.stopAll();
  options.signal?.addEventListener('abort', giveUp);
  try {
    options.signal?.throwIfAborted();
    await allStarted;
    options.signal?.throwIfAborted();
    options.signal?.removeEventListener('abort', giveUp);
    admin.keep();
  } catch (error) {
    await supervisor.stopAll();
    // What was under way when the first of them failed ends before the folder is given back.
    await Promise.allSettled(starts);
    release();
    throw error;
  }
  const unfollow = options.links ? undefined : followBusLinks(layout, supervisor, busOf, note);
  const stop = async (): Promise<void> => {
    await unfollow?.();
    await supervisor.stopAll();
    release();
  };
  return {
    siteCode,
    layout,
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${edgePort}`,
    ports,
    firstStart: known === null,
    ...(admin.token === null ? {} : { adminToken: admin.token }),
    supervisor,
    stop,
  };
}

function portNames(services: readonly ServiceProcess[], links: BusLinks): string[] {
  const names = new Set([...serviceNames, ...services.map((service) => service.name)]);
  return [
    'postgres',
    'nats',
    'nats-monitor',
    ...(links.children ? ['nats-leaf'] : []),
    'store',
    ...[...names].flatMap((name) => [`${name}-http`, `${name}-grpc`]),
  ];
}
