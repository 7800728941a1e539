import { randomUUID } from 'node:crypto';
import { toMailAddresses } from '@muster/contracts/kinds/alert-subscription.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { pauseSeconds, retrySeconds } from '../outgoing/retry.js';
import { Senders } from '../outgoing/senders.js';
import { givenUp, withAnswers } from './judge-mail.js';
import type { ClaimedMail, MailRepository } from './mail.repository.js';
import type { MailServer } from './mail-server.js';
import type { NoticeRepository } from './notice.repository.js';
import { writeMail } from './write-mail.js';

const LOOK_EVERY_MILLISECONDS = 1_000;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;
/** Connections of this process to the mail server at the same time. */
const MOST_CONNECTIONS = 4;
/** Longer than an attempt may take. */
const LEASE_SECONDS = 120;

/** How mails are written and kept. */
export interface MailerOptions {
  readonly site: string;
  readonly gatherSeconds: number;
  readonly everySeconds: number;
  readonly giveUpHours: number;
  readonly keepDays: number;
}

/** Writes what subscriptions are to be told into mails, and sends them. Replicas share both by the locks of the rows. */
export class Mailer {
  private readonly sending: Loop;
  private readonly pruning: Loop;
  private readonly senders: Senders<ClaimedMail>;

  /** @param server undefined: the site has none. Then everything waits */
  constructor(
    private readonly database: Database,
    private readonly notices: NoticeRepository,
    private readonly mails: MailRepository,
    private readonly server: MailServer | undefined,
    private readonly options: MailerOptions,
    private readonly logger: Logger,
  ) {
    this.sending = new Loop(
      () => this.round(),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot look after mails right now; trying again'),
    );
    this.pruning = new Loop(
      async () => {
        const { keepDays } = options;
        const more = [await mails.prune(database, keepDays), await notices.prune(database, keepDays)];
        if (more.includes(true)) this.pruning.nudge();
      },
      PRUNE_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget old mails right now; trying again'),
    );
    this.senders = new Senders(
      MOST_CONNECTIONS,
      () => mails.claim(database, randomUUID(), LEASE_SECONDS),
      (mail) => this.send(mail),
      () => this.sending.nudge(),
      (error, mail) => logger.warn({ err: error, subscription: mail.name }, 'cannot send a mail right now'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.server) this.sending.start();
    this.pruning.start();
  }

  /** Mails in flight are waited for, so that what was taken is known as taken. */
  async onModuleDestroy(): Promise<void> {
    this.senders.stop();
    await Promise.all([this.sending.stop(), this.pruning.stop()]);
    await this.senders.settled();
  }

  private async round(): Promise<void> {
    while (await this.write());
    await this.senders.fill();
  }

  /** Writes one mail. False: nothing is to be told now. */
  private async write(): Promise<boolean> {
    const { site, gatherSeconds, everySeconds } = this.options;
    return this.database.transaction(async (tx) => {
      const waiting = await this.mails.waiting(tx, gatherSeconds, everySeconds);
      if (!waiting) return false;
      const uid = uuidv7();
      const told = await this.notices.take(tx, waiting.uid, uid);
      const title = waiting.displayName ?? undefined;
      const text = writeMail(told, { site, subscription: waiting.name, title });
      await this.mails.insert(tx, { uid, subscriptionUid: waiting.uid, ...text });
      return true;
    });
  }

  /** One attempt. */
  private async send(mail: ClaimedMail): Promise<void> {
    if (!this.server) return;
    const to = mail.recipients?.map(({ address }) => address) ?? toMailAddresses(mail.spec.addresses);
    const recipients = mail.recipients?.filter(({ state }) => state === 'waiting').map(({ address }) => address) ?? to;
    const { uid, subject, body, createdAt } = mail;
    const answer = await this.server.send({ uid, at: createdAt, to, recipients, subject, body });
    if ('error' in answer) {
      this.logger.info({ subscription: mail.name, mail: uid, error: answer.error }, 'mail was not sent');
      const hours = (Date.now() - createdAt.getTime()) / 3_600_000;
      const wait = hours > this.options.giveUpHours ? undefined : pauseSeconds(mail.failures + 1, Math.random());
      return this.mails.failed(this.database, mail, answer.error, wait);
    }
    const known = withAnswers(mail.recipients, answer.recipients);
    const open = known.some(({ state }) => state === 'waiting');
    const waitSeconds = open ? retrySeconds(mail.attempts + 1, Math.random()) : undefined;
    const settled = waitSeconds === undefined ? givenUp(known) : known;
    for (const { address, state, answer: said } of answer.recipients)
      if (state !== 'taken')
        this.logger.info({ subscription: mail.name, mail: uid, address, state, error: said }, 'mail was not taken');
    await this.mails.answered(this.database, mail, {
      state: waitSeconds !== undefined ? 'pending' : settled.some(({ state }) => state === 'taken') ? 'sent' : 'dead',
      recipients: settled,
      takenNow: answer.recipients.some(({ state }) => state === 'taken'),
      waitSeconds,
    });
  }
}
