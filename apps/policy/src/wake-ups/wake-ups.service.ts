import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { WAKE_NEIGHBOURS, type WakeUp } from '@muster/contracts/agent/wake-up.js';
import { callDevices } from '@muster/contracts/requests/call-devices.js';
import { retrievePolicy } from '@muster/contracts/requests/retrieve-policy.js';
import { type NeighbourWake, wakeNeighbours } from '@muster/contracts/requests/wake-neighbours.js';
import { Bus } from '@muster/messaging/bus.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { Metrics } from '@muster/service/health/metrics.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { Observable, type Subscriber } from 'rxjs';
import type { PolicyConfig } from '../config.js';
import { KNOWN_TO_ALL_MILLISECONDS, LiveState } from '../live/live-state.js';
import type { Serials } from '../live/live.repository.js';
import { Sightings } from '../sightings/sightings.js';
import { WakeUpRepository } from './wake-up.repository.js';

/** Devices that another replica refused are looked for this often; changes are heard of at once. */
const IDLE_MILLISECONDS = 1_000;
/** So many devices a second are asked to come for policy. */
const WOKEN_PER_SECOND = 1_000;
/** An inventory costs more than a poll: facts are written, and rules of collections asked about them. */
const INVENTORIES_PER_SECOND = 100;

/**
 * Devices that hold a connection open are told when their policy may have changed, so that they ask for it at once. It is a hint and
 * nothing else: who misses it hears at the next poll. A connection ends with the session that opened it, and at once
 * when the device is blocked.
 */
@Injectable()
export class WakeUps implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  /** The last connection of each device. */
  private readonly connected = new Map<string, Subscriber<WakeUp>>();
  /** Up to here everybody has been told. */
  private told: number;
  private readonly loop: Loop;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(WakeUpRepository) private readonly repository: WakeUpRepository,
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(Sightings) private readonly sightings: Sightings,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.told = live.serial;
    this.loop = new Loop(
      () => this.round(),
      IDLE_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot wake devices right now; trying again'),
    );
    live.onSerial(() => this.loop.nudge());
    live.onRefused(() => this.loop.nudge());
    const { connected } = this;
    metrics.registry.registerMetric(
      new Gauge({
        name: 'muster_policy_wake_up_connections',
        help: 'Devices that hold a connection open to be told of new policy',
        registers: [],
        collect() {
          this.set(connected.size);
        },
      }),
    );
  }

  onModuleInit(): void {
    this.bus.answer(
      wakeNeighbours,
      async ({ wakes }) => ({ asked: await this.askNeighbours(wakes) }),
      (error) => this.logger.error({ err: error }, 'cannot answer wake-neighbours'),
    );
    // Told like a change of policy: whichever process a device is connected to hears of that.
    this.bus.answer(
      retrievePolicy,
      async (whom) => {
        const concerned = 'device' in whom ? { devices: [whom.device] } : whom;
        await this.database.transaction((tx) => this.live.policyChanges(tx, concerned));
        return {};
      },
      (error) => this.logger.error({ err: error }, 'cannot answer retrieve-policy'),
    );
    this.bus.answer(
      callDevices,
      async (whom) => {
        const concerned = 'device' in whom ? { devices: [whom.device] } : { collection: whom.collection };
        await this.database.transaction((tx) => this.live.deviceCalls(tx, concerned, whom.wish));
        return {};
      },
      (error) => this.logger.error({ err: error }, 'cannot answer call-devices'),
    );
  }

  onApplicationBootstrap(): void {
    this.told = this.live.serial;
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    for (const subscriber of this.connected.values()) subscriber.complete();
  }

  /**
   * Tells one device of news until its session is over.
   * @throws MusterError `policy.too-many-connections` (503): the device goes on polling
   */
  listen(deviceUid: string): Observable<WakeUp> {
    if (this.connected.size >= this.config.MUSTER_WAKE_UP_CONNECTIONS && !this.connected.has(deviceUid)) {
      throw new MusterError(
        'unavailable',
        'policy.too-many-connections',
        `${this.connected.size} devices are connected already. Poll, and try again later`,
      );
    }
    return new Observable((subscriber) => {
      this.connected.get(deviceUid)?.complete();
      this.connected.set(deviceUid, subscriber);
      this.sightings.connected(deviceUid);
      const end = setTimeout(() => subscriber.complete(), this.config.MUSTER_SESSION_MINUTES * 60_000);
      return () => {
        clearTimeout(end);
        if (this.connected.get(deviceUid) !== subscriber) return;
        this.connected.delete(deviceUid);
        this.sightings.disconnected(deviceUid);
      };
    });
  }

  /** Tells it like a change of policy: whichever process a device is connected to hears of that. */
  private async askNeighbours(wakes: readonly NeighbourWake[]): Promise<number> {
    return this.database.transaction(async (tx) => {
      const devices = await this.repository.keepWakes(tx, wakes, WAKE_NEIGHBOURS);
      if (devices.length > 0) await this.live.policyChanges(tx, { devices });
      return devices.length;
    });
  }

  private async round(): Promise<void> {
    for (const [uid, subscriber] of this.connected) if (this.live.refusal(uid)) subscriber.complete();
    // What is heard of from here on is told in the next round.
    const { serial } = this.live;
    if (serial === this.told) return;
    // Whoever is woken may ask another process, and would hear there that nothing is new.
    if (this.connected.size > 0) await delay(KNOWN_TO_ALL_MILLISECONDS);
    if (this.connected.size > 0) {
      const serials = { from: this.told, to: serial };
      const concerned = (await this.live.concerned(serials)).filter((uid) => this.connected.has(uid));
      const withinSeconds = Math.ceil(concerned.length / WOKEN_PER_SECOND) - 1;
      for (const uid of concerned) this.connected.get(uid)?.next({ withinSeconds: Math.max(0, withinSeconds) });
      if (concerned.length > 0) await this.tellOfNeighbours(concerned);
      await this.tellOfCalls(serials);
    }
    this.told = serial;
  }

  private async tellOfCalls(serials: Serials): Promise<void> {
    const calls = (await this.live.calls(serials)).filter(({ deviceUid }) => this.connected.has(deviceUid));
    const withinSeconds = Math.max(0, Math.ceil(calls.length / INVENTORIES_PER_SECOND) - 1);
    for (const { deviceUid, wish } of calls) this.connected.get(deviceUid)?.next({ withinSeconds, wish });
  }

  private async tellOfNeighbours(devices: readonly string[]): Promise<void> {
    for (const { deviceUid, packets } of await this.repository.takeWakes(this.database, devices)) {
      if (packets.length > 0) this.connected.get(deviceUid)?.next({ withinSeconds: 0, neighbours: packets });
    }
  }
}
