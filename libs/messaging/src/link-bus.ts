import { connect, headers, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { ServiceName } from '@muster/contracts/resource.js';

/** A signed message between sites, as it goes over the bus. */
export interface LinkMessage {
  readonly body: Uint8Array;
  /** Base64url. */
  readonly signature: string;
}

/**
 * The connection of a service to the subjects that cross the links between sites: an account of its own on the site's NATS server,
 * whose leaf nodes are the links. Nothing of the site itself is visible there.
 */
export class LinkBus {
  private readonly subscriptions: Subscription[] = [];

  private constructor(
    private readonly connection: NatsConnection,
    private readonly site: string,
    private readonly service: ServiceName,
  ) {}

  /** Connects, and keeps reconnecting for ever. */
  static async connect(options: {
    url: string;
    user?: string | undefined;
    password?: string | undefined;
    site: string;
    service: ServiceName;
  }): Promise<LinkBus> {
    const { url, user, password, site, service } = options;
    const connection = await connect({
      servers: url,
      ...(user === undefined ? {} : { user, pass: password ?? '' }),
      name: `${service} links`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      waitOnFirstConnect: true,
      inboxPrefix: `_INBOX.${site}.${service}`,
      pingInterval: 5_000,
      maxPingOut: 2,
    });
    return new LinkBus(connection, site, service);
  }

  /** Asks the same service of another site. Throws when nobody answers in time. */
  async ask(peer: string, question: string, message: LinkMessage, timeoutMilliseconds: number): Promise<LinkMessage> {
    const reply = await this.connection.request(subject(peer, this.service, question), message.body, {
      timeout: timeoutMilliseconds,
      headers: signed(message),
    });
    return { body: reply.data, signature: reply.headers?.get('Muster-Signature') ?? '' };
  }

  /** Answers one question of other sites; replicas of the service share the work. */
  answer(
    question: string,
    handler: (message: LinkMessage) => Promise<LinkMessage>,
    onError: (error: unknown) => void,
  ): void {
    const subscription = this.connection.subscribe(subject(this.site, this.service, question), {
      queue: this.service,
      callback: (failure, message) => {
        if (failure) return onError(failure);
        handler({ body: message.data, signature: message.headers?.get('Muster-Signature') ?? '' }).then(
          (answer) => message.respond(answer.body, { headers: signed(answer) }),
          onError,
        );
      },
    });
    this.subscriptions.push(subscription);
  }

  /** Tells whoever listens that this site's feed has something new. It carries nothing, and nothing depends on it. */
  hint(): void {
    if (!this.connection.isClosed()) this.connection.publish(subject(this.site, this.service, 'changed'));
  }

  /** Calls back when another site has something new. Returns how to stop. */
  onHint(peer: string, listener: () => void): () => void {
    const subscription = this.connection.subscribe(subject(peer, this.service, 'changed'), {
      callback: (failure) => {
        if (!failure) listener();
      },
    });
    return () => subscription.unsubscribe();
  }

  async close(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await Promise.race([this.connection.drain(), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
    await this.connection.close();
  }
}

function subject(site: string, service: ServiceName, what: string): string {
  return `muster.hier.${site}.${service}.${what}`;
}

function signed(message: LinkMessage) {
  const all = headers();
  all.set('Muster-Signature', message.signature);
  return all;
}
