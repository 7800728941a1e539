import { createSecretKey } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { makeAccessToken } from '../../apps/policy/src/sessions/access-token.js';
import type { PollLoad, PollResult } from './poll-load.js';
import { deviceUid } from './device-uid.js';
import { HttpConnection } from './http-connection.js';

/** Polls at a rate, or as fast as they are answered. */
process.on('message', (load: PollLoad) => {
  void new Load(load).run().then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());

class Load {
  private readonly latencies: number[] = [];
  private readonly statuses: Record<string, number> = {};
  private readonly idle: HttpConnection[] = [];
  private readonly tokens = new Map<number, string>();
  private next = 0;
  private sent = 0;
  private inFlight = 0;

  constructor(private readonly load: PollLoad) {}

  async run(): Promise<PollResult> {
    const { connections, seconds, ratePerSecond, most = Infinity } = this.load;
    for (let index = 0; index < connections; index += 1) this.idle.push(await HttpConnection.open(this.load.port));
    for (let index = 0; index < this.load.devices; index += 1) this.token(index);
    const began = performance.now();
    const until = began + seconds * 1000;
    if (ratePerSecond === undefined) {
      await Promise.all(
        this.idle.splice(0).map(async (connection) => {
          while (performance.now() < until && this.sent < most) await this.poll(connection, performance.now());
          connection.close();
        }),
      );
    } else await this.steadily(ratePerSecond, began, until);
    const took = (performance.now() - began) / 1000;
    for (const connection of this.idle) connection.close();
    const { latencies, statuses } = this;
    return { polls: latencies.length, seconds: took, latencies, statuses };
  }

  /** Each poll is due at its time, whatever became of those before; its latency counts from then. */
  private async steadily(rate: number, began: number, until: number): Promise<void> {
    let due = 0;
    const pollLate = async (connection: HttpConnection, dueAt: number): Promise<void> => {
      this.inFlight += 1;
      await this.poll(connection, dueAt);
      this.inFlight -= 1;
      this.idle.push(connection);
    };
    while (performance.now() < until || this.inFlight > 0) {
      const now = Math.min(performance.now(), until);
      const owed = Math.ceil(((now - began) / 1000) * rate) - due;
      for (const connection of this.idle.splice(0, owed)) {
        void pollLate(connection, began + (due * 1000) / rate);
        due += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private async poll(connection: HttpConnection, due: number): Promise<void> {
    const { devices, order, tags } = this.load;
    const device = order === 'each' ? this.next++ % devices : Math.floor(Math.random() * devices);
    this.sent += 1;
    const { status } = await connection.ask(
      `GET ${this.load.path} HTTP/1.1\r\nhost: site\r\nauthorization: Bearer ${this.token(device)}\r\n` +
        `if-none-match: ${tags[device % tags.length]}\r\nuser-agent: muster-agent\r\naccept-encoding: gzip\r\n\r\n`,
    );
    this.latencies.push(performance.now() - due);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  private token(device: number): string {
    const known = this.tokens.get(device);
    if (known !== undefined) return known;
    const { secret, site } = this.load;
    const key = (this.key ??= createSecretKey(Buffer.from(secret, 'base64')));
    const made = makeAccessToken(key, site, deviceUid(device), new Date(Date.now() + 3_600_000));
    this.tokens.set(device, made);
    return made;
  }
  private key: ReturnType<typeof createSecretKey> | undefined;
}
