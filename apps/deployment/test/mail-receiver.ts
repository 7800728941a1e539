import { freePort } from '@muster/testing/free-port.js';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { MAIL_CERTIFICATE, MAIL_KEY } from './mail-certificate.js';

/** A mail as it came. */
export interface ReceivedMail {
  readonly messageId: string;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly from: string;
  /** Of the envelope, those that the server took. */
  readonly recipients: readonly string[];
  readonly encrypted: boolean;
  readonly user: string | undefined;
}

/** A refusal, as the server says it. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** A real SMTP server that does what the test wants. */
export class MailReceiver {
  readonly taken: ReceivedMail[] = [];
  /** Why an address is refused; undefined: it is taken. */
  refuseAddress: (address: string) => Refusal | undefined = () => undefined;
  refuseSender: () => Refusal | undefined = () => undefined;
  refuseContent: () => Refusal | undefined = () => undefined;
  /** false: it accepts connections, and says nothing. */
  greets = true;
  /** Called when it has a mail, before it says so. */
  beforeAnswer: () => void = () => undefined;
  private server: SMTPServer | undefined;

  private constructor(
    readonly port: number,
    private readonly options: SMTPServerOptions,
  ) {}

  /** @param options default: without TLS and without users */
  static async open(options: SMTPServerOptions = {}): Promise<MailReceiver> {
    const receiver = new MailReceiver(await freePort(), options);
    await receiver.comeBack();
    return receiver;
  }

  /** With STARTTLS, and for one user. */
  static async openWithTls(user: string, password: string, options: SMTPServerOptions = {}): Promise<MailReceiver> {
    return MailReceiver.open({
      key: MAIL_KEY,
      cert: MAIL_CERTIFICATE,
      authOptional: false,
      disabledCommands: [],
      onAuth: (auth, _session, done) =>
        auth.username === user && auth.password === password
          ? done(null, { user })
          : done(Object.assign(new Error('wrong user or password'), { responseCode: 535 })),
      ...options,
    });
  }

  /** Mails to an address, in the order in which they came. */
  mailsTo(address: string): ReceivedMail[] {
    return this.taken.filter(({ recipients }) => recipients.includes(address));
  }

  async comeBack(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 1,
      logger: false,
      onConnect: (_session, done) => {
        if (this.greets) done();
      },
      onMailFrom: (_address, _session, done) => done(toError(this.refuseSender())),
      onRcptTo: ({ address }, _session, done) => done(toError(this.refuseAddress(address))),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const refusal = this.refuseContent();
          if (refusal) return done(toError(refusal));
          const { mailFrom, rcptTo } = session.envelope;
          this.taken.push({
            ...parse(Buffer.concat(chunks).toString('utf8')),
            from: mailFrom === false ? '' : mailFrom.address,
            recipients: rcptTo.map(({ address }) => address),
            encrypted: session.secure,
            user: session.user,
          });
          this.beforeAnswer();
          done();
        });
      },
      ...this.options,
    });
    // Connections that break are what tests are about.
    server.on('error', () => undefined);
    await new Promise<void>((listening) => server.listen(this.port, '127.0.0.1', listening));
    this.server = server;
  }

  async goAway(): Promise<void> {
    await new Promise<void>((closed) => (this.server ? this.server.close(closed) : closed()));
  }
}

function toError(refusal: Refusal | undefined): Error | null {
  return refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.status }) : null;
}

function parse(raw: string): Pick<ReceivedMail, 'messageId' | 'subject' | 'headers' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = raw.slice(end + 4);
  const encoded = headers.get('content-transfer-encoding') === 'quoted-printable';
  return {
    messageId: headers.get('message-id') ?? '',
    subject: fromEncodedWords(headers.get('subject') ?? ''),
    headers,
    text: (encoded ? fromQuotedPrintable(body) : body).replaceAll('\r\n', '\n'),
  };
}

/** RFC 2047; spaces between two encoded words are none of the text. */
function fromEncodedWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?Q\?([^?]*)\?=/gi, (_, word: string) => fromQuotedPrintable(word.replaceAll('_', ' ')));
}

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
