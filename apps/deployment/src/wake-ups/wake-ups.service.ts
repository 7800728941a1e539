import { setTimeout as delay } from 'node:timers/promises';
import type { DeviceWakeUp } from '@muster/contracts/kinds/device-wake-up.js';
import { Loop } from '@muster/messaging/loop.js';
import { audit } from '@muster/persistence/audit.js';
import type { Database } from '@muster/persistence/database.js';
import type { Bus } from '@muster/messaging/bus.js';
import { wakeNeighbours } from '@muster/contracts/requests/wake-neighbours.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { isTimeZone } from '@muster/schedule/zoned-time.js';
import type { Logger } from 'pino';
import { dependsOnZone, lastDeadline } from './last-deadline.js';
import type { SleepingDevice, WakeUpClaim, WakeUpRepository } from './wake-up.repository.js';
import type { WakeUpSender } from './wake-up-sender.js';
import { neighbourWakes, sleepingCards } from './neighbour-wakes.js';
import { packetsFor, type WakeUpMode } from './wake-up-targets.js';

const LOOK_EVERY_MILLISECONDS = 5_000;
/** So many devices at once, and pages a second: networks have other things to do. */
const DEVICES_PER_PAGE = 100;
const PAGE_MILLISECONDS = 1_000;
/** Any one of them is enough; not all may be connected. */
const NEIGHBOURS_ASKED = 5;
const ZONES_KEPT_MILLISECONDS = 5 * 60_000;
const FIRST_DEVICE = '00000000-0000-0000-0000-000000000000';

/**
 * Wakes the devices of deployments with `wakeUp` when their deadline comes, each deadline once for all replicas. A process that dies in
 * between leaves its page to be sent again by another one, a minute later.
 */
export class WakeUps {
  private readonly loop: Loop;
  private zones: { readonly at: number; readonly names: readonly string[] } = { at: -Infinity, names: [] };
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly repository: WakeUpRepository,
    private readonly sender: WakeUpSender,
    /** Who asks devices of the same networks to send packets too; undefined: nobody is asked. */
    private readonly neighbours: Pick<Bus, 'request'> | undefined,
    private readonly mode: WakeUpMode,
    private readonly port: number,
    private readonly logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.round(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot wake devices right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
    await this.sender.close();
  }

  /**
   * Wakes one device now.
   * @throws MusterError `resource.not-found` (404), `device.cannot-be-woken` (409): it has told of no card with an IPv4 address
   */
  async wake(name: string, actor: string): Promise<DeviceWakeUp> {
    const device = await this.repository.networkOf(this.database, name);
    if (!device) throw new MusterError('not-found', 'resource.not-found', `There is no Device "${name}"`);
    const packets = packetsFor(device.network, this.mode);
    if (packets.length === 0) {
      const message = `Device "${name}" has told of no card with a MAC and an IPv4 address: nobody knows where to send a packet`;
      throw new MusterError('conflict', 'device.cannot-be-woken', message);
    }
    const sent = await this.sender.send(packets);
    const neighbours = await this.askNeighbours([device]);
    const { uid } = device;
    await this.database.transaction((tx) =>
      audit(tx, { actor, action: 'woken', kind: 'Device', name, uid, correlationId: currentTraceId() }),
    );
    return { packets: packets.map((packet) => ({ ...packet, port: this.port })), sent, neighbours };
  }

  /**
   * Asks devices in the networks of those that sleep to send packets there: they are behind the routers that let none of the site's
   * through. What the site sends does not wait for it and goes without it. Answers how many were asked.
   */
  private async askNeighbours(asleep: readonly SleepingDevice[]): Promise<number> {
    if (!this.neighbours) return 0;
    try {
      const cards = asleep.flatMap(({ network }) => sleepingCards(network));
      const subnets = [...new Set(cards.map(({ subnet }) => subnet))];
      if (subnets.length === 0) return 0;
      const uids = asleep.map(({ uid }) => uid);
      const awake = await this.repository.awakeIn(this.database, subnets, uids, NEIGHBOURS_ASKED);
      const wakes = neighbourWakes(cards, awake, this.port);
      if (wakes.length === 0) return 0;
      return (await this.neighbours.request(wakeNeighbours, { wakes })).asked;
    } catch (error) {
      this.logger.warn(
        { err: error },
        'cannot ask devices to wake their neighbours; what the site sends itself goes on',
      );
      return 0;
    }
  }

  private async round(): Promise<void> {
    const now = Date.now();
    for (const { uid, spec, createdAt } of await this.repository.wakingDeployments(this.database)) {
      const zones = dependsOnZone(spec) ? await this.timeZones(now) : [''];
      for (const zone of zones) {
        const due = lastDeadline(spec, { createdAt: createdAt.getTime(), now, timeZone: zone || 'UTC' });
        if (due !== undefined) await this.repository.note(this.database, uid, new Date(due), zone);
      }
    }
    for (let claim = await this.claim(); claim; claim = await this.claim()) await this.send(claim);
    await this.repository.forgetOld(this.database);
  }

  private async claim(): Promise<WakeUpClaim | undefined> {
    return this.stopping ? undefined : this.repository.claim(this.database);
  }

  private async send(claim: WakeUpClaim): Promise<void> {
    let after = claim.afterDevice || FIRST_DEVICE;
    let all = 0;
    while (!this.stopping) {
      const began = Date.now();
      const devices = await this.repository.page(this.database, claim, after, DEVICES_PER_PAGE);
      const packets = await this.sender.send(devices.flatMap(({ network }) => packetsFor(network, this.mode)));
      all += packets;
      await this.askNeighbours(devices);
      after = devices.at(-1)?.uid ?? after;
      const done = devices.length < DEVICES_PER_PAGE;
      await this.repository.progress(this.database, claim, { after, packets, done });
      if (done) {
        const { name, dueAt, timeZone } = claim;
        this.logger.info({ deployment: name, dueAt, timeZone, packets: all }, 'devices of a deployment are woken');
        return;
      }
      await delay(Math.max(0, began + PAGE_MILLISECONDS - Date.now()));
    }
  }

  private async timeZones(now: number): Promise<readonly string[]> {
    if (now - this.zones.at > ZONES_KEPT_MILLISECONDS) {
      const names = await this.repository.timeZones(this.database);
      this.zones = { at: now, names: names.filter(isTimeZone) };
    }
    return this.zones.names;
  }
}
