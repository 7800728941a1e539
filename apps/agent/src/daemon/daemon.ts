import type { Logger } from 'pino';
import type { PolicyVariables } from '@muster/contracts/agent/policy.js';
import { firmwareOf, hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';
import type { AgentConfig } from '../config.js';
import { ContentCache } from '../content/content-cache.js';
import { Bell } from '../http/backoff.js';
import { Session, type SessionOptions } from '../http/session.js';
import { SiteApi } from '../http/site-api.js';
import { Transport } from '../http/transport.js';
import { AgentError } from '../identity/agent-error.js';
import { type AgentIdentity, readIdentity, writeIdentity } from '../identity/agent-identity.js';
import { type DeviceKey, readDeviceKey } from '../identity/device-key.js';
import { SiteAccess } from '../identity/site-access.js';
import { readNextKeys } from '../identity/key-rotation.js';
import { ensureSealingKey } from '../identity/sealing-key.js';
import { gatherFacts } from '../facts/gather-facts.js';
import { installedSoftware } from '../inventory/installed-software.js';
import { SoftwareTeller } from '../inventory/software-teller.js';
import { InventoryLoop } from '../inventory/inventory-loop.js';
import { lockStateFolder } from '../identity/lock-state-folder.js';
import type { StateFolder } from '../identity/state-folder.js';
import type { DecidingFacts } from '../policy/decide.js';
import { BodyStore } from '../policy/body-store.js';
import { PolicyLoop } from '../policy/policy-loop.js';
import { SiteContact } from '../policy/site-contact.js';
import { listenForWakeUps } from '../policy/wake-up-loop.js';
import { ReportSender } from '../status/report-sender.js';
import { Spool } from '../status/spool.js';
import { bootedAt, BodyFactsCache, decidingFacts, type FactSources } from './deciding-facts.js';
import { FateBook } from '../fates/fate-book.js';
import { FateSender } from '../fates/fate-sender.js';
import { FateTeller } from '../fates/fate-teller.js';
import { ownTimeZone } from '../facts/time-zone.js';
import { watchFolder } from '../identity/watch-folder.js';
import { NoticeLoop } from '../people/notice-loop.js';
import { Notices } from '../people/notices.js';
import { Snoozes } from '../people/snoozes.js';
import { StartCountdown } from '../people/start-countdown.js';
import { tellPeople } from '../people/tell-people.js';
import { ToldTimes } from '../people/told-times.js';
import { planLastRestart } from '../restart/last-restart.js';
import { FirstPrograms } from './first-programs.js';
import { KeyRotator } from './key-rotator.js';
import { currentBootId } from '../facts/boot-id.js';
import { thisSystem } from '../facts/system.js';
import { sendPackets } from '../wake-neighbours/send-packets.js';
import { ClockBehind } from './clock-behind.js';
import { LogOns } from './log-ons.js';
import { noteTimeZone } from './noted-time-zone.js';
import { neededContent } from './needed-content.js';
import { PermitAsker } from './permit-asker.js';
import { Preparations } from './preparations.js';
import { RunDriver } from './run-driver.js';
import { RunLoop } from './run-loop.js';
import { RunPreparer } from './run-preparer.js';
import { RunRecords } from './run-records.js';
import { StartPermits } from './start-permits.js';
import { StartRequests } from './start-requests.js';
import { lookAround, Whereabouts } from './whereabouts.js';

const flushMilliseconds = 5_000;

export interface DaemonOptions {
  readonly logger: Logger;
  /** May runs restart this computer, and how. */
  readonly restart: AgentConfig['restart'];
  /** How people who are logged in are told; undefined: as this system does it. */
  readonly tellCommand: AgentConfig['tellCommand'];
  /** Where systemd-logind tells who is logged in. */
  readonly sessionsFolder: string;
  /** Does the connection of this computer cost by what goes over it? */
  readonly whereabouts: AgentConfig['whereabouts'];
  /** Most that the content cache may take, in MiB; undefined: the usual. */
  readonly cacheMegabytes?: number | undefined;
  /** Abort: let go of everything and come back. */
  readonly signal: AbortSignal;
  /** Told once the daemon has its folder and is at work. */
  ready(identity: AgentIdentity): void;
}

/**
 * The agent at work: asks for policy, runs what it wants, sends reports, until the signal is aborted. Then the run at hand is
 * left so that it can be resumed, and reports are sent for at most 5 seconds more.
 *
 * @throws AgentError `agent.not-enrolled`, `agent.layout-version`, `agent.not-writable`, `agent.in-use`, `agent.state-corrupt`, `agent.key-invalid`
 */
export async function runDaemon(folder: StateFolder, options: DaemonOptions): Promise<void> {
  if (!readIdentity(folder)) throw notEnrolled(folder, 'no identity');
  const lock = lockStateFolder(folder);
  let transport: Transport | undefined;
  try {
    // Behind the lock: `enrol --force` may have been at work until now, or a crash of it was mended by taking the lock.
    const { identity } = await readEnrolled(folder);
    transport = new Transport(identity.server);
    options.ready(identity);
    // New keys: everything that uses them begins anew.
    while (await work(folder, await readEnrolled(folder), transport, options)) continue;
  } finally {
    await transport?.close();
    lock.release();
  }
}

async function readEnrolled(folder: StateFolder): Promise<{ identity: AgentIdentity; key: DeviceKey }> {
  const identity = readIdentity(folder);
  const key = identity && (await readDeviceKey(folder.key));
  if (identity && key) return { identity, key };
  throw notEnrolled(folder, identity ? 'no key' : 'no identity');
}

function notEnrolled(folder: StateFolder, what: string): AgentError {
  return new AgentError(
    'agent.not-enrolled',
    `${folder.root} holds ${what}: enrol first, muster-agent enrol --server URL --token TOKEN`,
  );
}

/** True when it ended because this computer has new keys. */
async function work(
  folder: StateFolder,
  { identity, key }: { identity: AgentIdentity; key: DeviceKey },
  transport: Transport,
  { logger, restart, tellCommand, sessionsFolder, whereabouts: settings, cacheMegabytes, signal }: DaemonOptions,
): Promise<boolean> {
  const stop = new AbortController();
  // Requests that are on their way when it ends have some seconds more.
  const deadline = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  both.addEventListener('abort', () => setTimeout(() => deadline.abort(), flushMilliseconds).unref(), { once: true });

  const whereabouts = new Whereabouts(folder.whereabouts);
  whereabouts.begin(settings);
  const hardware = firmwareOf(hardwareOfFacts(await gatherFacts()));
  const records = new RunRecords(folder);
  const keys = { key, sealing: ensureSealingKey(folder.sealingKey) };
  const { privateKey: sealingKey } = keys.sealing;
  const access = new SiteAccess(folder.access, (refusal) => {
    if (refusal)
      logger.error({ code: refusal.code }, 'the site refuses this computer: nothing starts, and what runs ends');
    else logger.info('the site lets this computer in again');
    driver.policyChanged();
    changed.ring();
    if (!refusal) {
      policy.askNow();
      again.ring();
    }
  });
  const next = await readNextKeys(folder);
  const session: SessionOptions = { transport, identity, keys, hardware, signal: deadline.signal, next };
  const api = new SiteApi(
    transport,
    new Session({ ...session, nextCounts: () => rotator.nextCounts() }),
    access,
    () => whereabouts.known.onInternet,
  );
  const bodies = new BodyStore(folder.bodies);
  const spool = new Spool(folder.reports, logger);
  const changed = new Bell();
  const news = new Bell();
  const again = new Bell();
  const settingsChanged = new Bell();
  const noticesChanged = new Bell();
  const policy = new PolicyLoop({
    api,
    bodies,
    trust: identity,
    keepSiteKeys: (keys) => writeIdentity(folder, { ...identity, ...keys }),
    sealingKey,
    path: folder.policy,
    contact: new SiteContact(folder.contact),
    logger,
    changed,
    refused: () => access.refusal !== undefined,
    accepted: () => {
      driver.policyChanged();
      settingsChanged.ring();
      noticesChanged.ring();
    },
    settled: () => {
      runs.policyChanged();
      noticesChanged.ring();
    },
  });
  const cache = new ContentCache({
    folder: folder.cache,
    locator: api,
    dispatcher: transport.dispatcher,
    megabytes: cacheMegabytes,
    settings: () => policy.settings,
    needed: () => neededContent(records, policy.assignments, preparations.deployments, bodies),
  });
  const preparations = new Preparations(folder.preparations, logger);
  const removeEnded = (): void => spool.removeEnded((runId) => !records.isUnfinished(runId));
  const sender = new ReportSender({ api, spool, logger, news, acknowledged: removeEnded });
  const variables = (): PolicyVariables => policy.variables;
  const driver = new RunDriver({
    records,
    spool,
    cache,
    variables,
    sealingKey,
    identity,
    logger,
    news,
    restart,
    tellCommand,
    settings: () => policy.settings,
    lastRestart: ({ deployment, startedAt, asked = false }, delaySeconds, told) =>
      planLastRestart({
        now: Date.now(),
        timeZone: ownTimeZone(),
        rules: policy.assignments.find((one) => one.deployment.uid === deployment.uid) ?? {},
        settings: policy.settings,
        windows: policy.windows,
        asked,
        startedAt: Date.parse(startedAt),
        delaySeconds,
        snooze: snoozes.of(deployment.uid),
        told,
      }),
    snoozeNoted: () => fates.tell(true),
    firstPrograms: new FirstPrograms(folder.firstPrograms),
    stopped: (run) =>
      access.refusal ? 'the site refuses this computer' : policy.stopped(run) ? 'the site stopped this run' : undefined,
  });
  const rotator = new KeyRotator({ folder, session, api, wanted: () => policy.rotateKey, logger, changed });
  let rotated = false;
  const requests = new StartRequests(folder.requests);
  const permits = new StartPermits(folder.permits, logger);
  const warnings = new ToldTimes(folder.warnings);
  const snoozes = new Snoozes(folder.snoozes);
  const logOns = new LogOns(folder.logOns);
  const clock = new ClockBehind(folder.clock);
  clock.look(records.newestStart, Date.now());
  noteTimeZone(folder.timeZone, ownTimeZone());
  const bodyFacts = new BodyFactsCache(bodies);
  const sources: FactSources = {
    records,
    requests,
    permits,
    warnings,
    snoozes,
    body: (digest) => (policy.hasBody(digest) ? bodyFacts.of(digest) : undefined),
    windows: () => policy.windows,
    settings: () => policy.settings,
    timeZone: ownTimeZone(),
    bootedAt: bootedAt(folder),
    logOns,
    whereabouts,
    clock,
  };
  const facts = (now: number): DecidingFacts => decidingFacts(sources, now);
  const book = new FateBook(folder.fates, logger);
  const fateNews = new Bell();
  const deployments = (): Set<string> => new Set(policy.assignments.map(({ deployment }) => deployment.uid));
  const fates = new FateTeller({ book, policy, records, preparations, facts, news: fateNews });
  const notices = new Notices({
    properties: ({ body }) => bodyFacts.of(body),
    tell: (text) => tellPeople(text, tellCommand, policy.settings.organisationName),
    logger,
  });
  const runs = new RunLoop({
    records,
    requests,
    permits,
    asker: new PermitAsker(permits, api, logger),
    facts,
    policy,
    bodies,
    api,
    driver,
    rotate: async (until) => (rotated = await rotator.rotate(until)),
    preparer: new RunPreparer({ preparations, cache, logger, changed }),
    countdown: new StartCountdown({ warnings, snoozes, notices }),
    fates,
    logger,
    changed,
    ended: () => {
      removeEnded();
      noticesChanged.ring();
    },
  });
  const noticeLoop = new NoticeLoop({
    policy,
    records,
    facts,
    reminders: new ToldTimes(folder.reminders),
    announcements: new ToldTimes(folder.announcements),
    snoozes,
    notices,
    logger,
    changed: noticesChanged,
  });

  const inventory = new InventoryLoop({
    api,
    logger,
    path: folder.inventory,
    gather: () => gatherFacts(),
    software: new SoftwareTeller({ api, logger, path: folder.software, gather: () => installedSoftware() }),
    everyMinutes: () => policy.settings.inventoryMinutes,
    changed: settingsChanged,
  });

  removeEnded();
  const asked = (): void => {
    if (requests.takePolicyWish()) policy.askNow();
    else changed.ring();
  };
  watchFolder(folder.requests, asked, both);
  const snoozed = (): void => {
    driver.snoozed();
    changed.ring();
    noticesChanged.ring();
  };
  watchFolder(folder.snoozes, snoozed, both);
  await policy.load();
  const tasks = [
    policy.run(both),
    listenForWakeUps(
      {
        api,
        logger,
        again,
        wake: () => policy.askNow(),
        tellInventory: () => inventory.tellNow(),
        wakeNeighbours: async (packets) => {
          const sent = await sendPackets(packets).catch(() => 0);
          logger.info({ asked: packets.length, sent }, 'packets were sent to computers that sleep in this network');
        },
      },
      both,
    ),
    runs.run(both),
    noticeLoop.run(both),
    sender.run(both, deadline.signal),
    new FateSender({ api, book, logger, news: fateNews, deployments }).run(both, deadline.signal),
    inventory.run(both),
    whereabouts.run(() => lookAround(settings, thisSystem), changed, both),
    clock.run(() => records.newestStart, both),
    logOns.run(sessionsFolder, currentBootId(), changed, both),
  ];
  // If one of them fails, all stop, and whoever supervises the agent starts it again.
  const ends = await Promise.allSettled(tasks.map((task) => task.finally(() => stop.abort())));
  const sent = await sender.flush(deadline.signal);
  if (!sent) logger.warn({ waiting: spool.size }, 'reports are left for the next start');
  deadline.abort();
  spool.close();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return rotated && !signal.aborted;
}
