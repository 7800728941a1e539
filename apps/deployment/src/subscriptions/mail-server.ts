import { createTransport, type SMTPTransportOptions } from 'nodemailer';
import { answerOfError, answerOfSent, type MailAnswer } from './judge-mail.js';
import type { MailSettings } from './mail-settings.js';
import type { MailText } from './write-mail.js';

const CONNECT_SECONDS = 15;
/** No word of the server within this time: it hangs. */
const SILENCE_SECONDS = 30;
/** Whatever a server does, an attempt ends: shorter than the lease of a mail. */
const ATTEMPT_SECONDS = 90;

/** A mail on its way. */
export interface Letter extends MailText {
  /** The same for all attempts: the server and the mailbox know it by that. */
  readonly uid: string;
  readonly at: Date;
  /** All that it is for, also those that have it. */
  readonly to: readonly string[];
  /** Those of them whom this attempt is for. */
  readonly recipients: readonly string[];
}

/** The mail server of the site. */
export class MailServer {
  private readonly options: SMTPTransportOptions;
  private readonly domain: string;

  constructor(private readonly settings: MailSettings) {
    const { server, from, user, password, tls } = settings;
    this.domain = from.slice(from.lastIndexOf('@') + 1);
    this.options = {
      host: server.host,
      port: server.port,
      secure: server.secure,
      requireTLS: tls && !server.secure,
      ignoreTLS: !tls,
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' }, forceAuth: true }),
      connectionTimeout: CONNECT_SECONDS * 1000,
      greetingTimeout: CONNECT_SECONDS * 1000,
      dnsTimeout: CONNECT_SECONDS * 1000,
      socketTimeout: SILENCE_SECONDS * 1000,
      // Texts come from outside: none of them may name a file or an address to read.
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  /** As the header says it. */
  messageIdOf(uid: string): string {
    return `<${uid}@${this.domain}>`;
  }

  /** One attempt, on a connection of its own. Never throws for what the server or the network does. */
  async send({ uid, at, to, recipients, subject, body }: Letter): Promise<MailAnswer> {
    const { from } = this.settings;
    const transport = createTransport(this.options);
    try {
      const sent = await transport.sendMail({
        from,
        to: [...to],
        envelope: { from, to: [...recipients] },
        messageId: this.messageIdOf(uid),
        date: at,
        subject,
        text: body,
        // RFC 3834: no absence note and no other program answers it.
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.timeout(ATTEMPT_SECONDS * 1000),
      });
      return answerOfSent(recipients, sent);
    } catch (error) {
      return answerOfError(recipients, error);
    } finally {
      transport.close();
    }
  }
}
