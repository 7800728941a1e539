import { workQueue } from '@muster/contracts/subjects.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Bus } from './bus.js';
import { WorkQueue, type Ticket } from './work-queue.js';

/** More of them find more: a broken stream comes by chance. */
const ROUNDS = Number(process.env['MUSTER_TEST_ROUNDS'] ?? 4);
const WAIT_MILLISECONDS = 300;
/** A take ends by then, whatever happens: its own time limit, and a busy machine. */
const PATIENCE_MILLISECONDS = 10_000;
const SILENCE_SECONDS = 2;

describe('a work queue', () => {
  let servers: TestServers;
  let buses: Bus[];
  let queues: WorkQueue[];
  const { stream } = workQueue('content', 'tests', 'S01');
  const never = new AbortController().signal;

  beforeAll(async () => {
    servers = await startServers({ store: false });
    const {
      MUSTER_NATS_URL: url = '',
      MUSTER_NATS_USER: user,
      MUSTER_NATS_PASSWORD: password,
    } = servers.environment('content');
    buses = await Promise.all([0, 1].map(() => Bus.connect({ url, user, password, site: 'S01', service: 'content' })));
    queues = buses.map((bus) => new WorkQueue(bus, 'content', 'tests', SILENCE_SECONDS));
  });
  afterAll(async () => {
    await Promise.all((buses ?? []).map((bus) => bus.close()));
    await servers?.stop();
  });
  afterEach(() => deleteStream());

  const manager = () => buses[0]!.jetstreamManager();
  const deleteStream = async () => void (await (await manager()).streams.delete(stream).catch(() => undefined));
  const deleteConsumer = async () =>
    void (await (await manager()).consumers.delete(stream, 'workers').catch(() => undefined));
  const waitingPulls = async () =>
    (await (await manager()).consumers.info(stream, 'workers').catch(() => undefined))?.num_waiting;
  const tickets = async () => (await (await manager()).streams.info(stream)).state.messages;

  /** Offers and takes until a ticket comes, as workers do that go on after whatever fails. */
  async function expectTicket(queue: WorkQueue): Promise<Ticket> {
    // A stream that keeps its tickets is found out by waiting in vain, and the next one may be like it.
    const deadline = Date.now() + 4 * PATIENCE_MILLISECONDS;
    while (Date.now() < deadline) {
      await queue.offer().catch(() => undefined);
      const ticket = await queue.take(never, WAIT_MILLISECONDS).catch(() => undefined);
      if (ticket) return ticket;
    }
    throw new Error('no ticket comes any more');
  }

  /** Each replica gets tickets, and uses them up. */
  async function expectToWork(): Promise<void> {
    for (const queue of queues) await (await expectTicket(queue)).done();
    // What was left of before is not more than a ticket for which there is nothing to do.
    await until(async () => {
      await (await queues[0]!.take(never, WAIT_MILLISECONDS))?.done();
      return (await tickets()) === 0;
    });
  }

  /** How a take ended. Fails when it does not. */
  async function ending(take: Promise<Ticket | undefined>): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('a take does not end')), PATIENCE_MILLISECONDS);
    });
    try {
      const ended = take.then(
        (ticket) => (ticket ? 'ticket' : 'none'),
        () => 'failed',
      );
      return await Promise.race([ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  it('gives each ticket to one replica, and none once it is used up', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => queues[index % 2]!.offer()));
    const taken: Ticket[] = [];
    await Promise.all(
      queues.map(async (queue) => {
        for (;;) {
          const ticket = await queue.take(never, WAIT_MILLISECONDS);
          if (!ticket) return;
          taken.push(ticket);
          await ticket.done();
        }
      }),
    );
    expect(taken).toHaveLength(20);
    expect(await tickets()).toBe(0);
  });

  it('gives the ticket of a holder that is silent to another, and not that of one that says it is at it', async () => {
    await queues[0]!.offer();
    const held = (await queues[0]!.take(never, WAIT_MILLISECONDS))!;
    const saying = setInterval(() => held.working(), 200);
    // Longer than a silence would be borne.
    expect(await queues[1]!.take(never, (SILENCE_SECONDS + 1) * 1000)).toBeUndefined();
    clearInterval(saying);
    const again = await queues[1]!.take(never, PATIENCE_MILLISECONDS);
    await again!.done();
    expect(await tickets()).toBe(0);
  });

  it('gives what is handed on, or comes to a replica that has stopped, to another at once', async () => {
    const stopping = new AbortController();
    const waiting = queues[0]!.take(stopping.signal, PATIENCE_MILLISECONDS);
    await until(async () => (await waitingPulls()) === 1);
    stopping.abort();
    expect(await waiting).toBeUndefined();
    await queues[0]!.offer();
    const first = await queues[1]!.take(never, PATIENCE_MILLISECONDS);
    first!.handOn();
    const second = await queues[1]!.take(never, PATIENCE_MILLISECONDS);
    await second!.done();
    expect(await tickets()).toBe(0);
  });

  it('does not grow beyond what could wake somebody', async () => {
    await Promise.all(Array.from({ length: 300 }, () => queues[0]!.offer()));
    expect(await tickets()).toBe(256);
  });

  describe.each([
    ['stream', deleteStream],
    ['consumer', deleteConsumer],
  ])('whose %s is deleted', (_, remove) => {
    it.each<[string, () => Promise<void>]>([
      [
        'before anybody waits',
        async () => {
          await queues[0]!.offer();
          await remove();
          for (const queue of queues) await ending(queue.take(never, WAIT_MILLISECONDS));
        },
      ],
      [
        'while replicas wait',
        async () => {
          const waiting = queues.map((queue) => queue.take(never, WAIT_MILLISECONDS));
          await remove();
          for (const one of waiting) await ending(one);
        },
      ],
      [
        'while a ticket is held',
        async () => {
          const held = await expectTicket(queues[0]!);
          held.working();
          await remove();
          held.working();
          await held.done().catch(() => undefined);
        },
      ],
      [
        'while a ticket is being used up',
        async () => {
          const held = await expectTicket(queues[0]!);
          await Promise.all([held.done().catch(() => undefined), remove()]);
        },
      ],
      [
        'while it is made again',
        async () => {
          await remove();
          const waiting = queues.map((queue) => queue.take(never, WAIT_MILLISECONDS));
          const offers = queues.map((queue) => queue.offer().catch(() => undefined));
          await remove();
          for (const one of waiting) await ending(one);
          await Promise.all(offers);
        },
      ],
    ])(`%s ends every wait and works on, ${ROUNDS} times`, async (_when, fault) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await queues[0]!.offer();
        await fault();
        await expectToWork();
      }
    });
  });

  it('works on when the bus is killed, and begins anew with an empty folder', async () => {
    for (let round = 0; round < 3; round += 1) {
      await queues[0]!.offer();
      const held = await expectTicket(queues[0]!);
      const waiting = queues.map((queue) => queue.take(never, PATIENCE_MILLISECONDS / 2));
      await servers.wipeBus();
      for (const one of waiting) expect(await ending(one)).toBe('failed');
      await held.done().catch(() => undefined);
      await until(() => buses.every((bus) => bus.isConnected()));
      await expectToWork();
    }
  });

  it('says at once that the bus is away', async () => {
    await queues[0]!.offer();
    const waiting = queues[0]!.take(never, 10 * PATIENCE_MILLISECONDS);
    await servers.site.supervisor.stop('nats');
    try {
      await ending(waiting);
      await until(() => !buses[0]!.isConnected());
      await expect(queues[0]!.take(never)).rejects.toMatchObject({ code: 'bus.no-answer' });
      await expect(queues[0]!.offer()).rejects.toMatchObject({ code: 'bus.no-answer' });
    } finally {
      await servers.restartBus();
    }
    await until(() => buses.every((bus) => bus.isConnected()));
    await expectToWork();
  });
});
