import { z } from 'zod';

/** A mail server as its address says. */
export interface MailServerAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else by STARTTLS. */
  readonly secure: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** How the mail server of the site is spoken to. */
export interface MailSettings {
  readonly server: MailServerAddress;
  readonly from: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** true: nothing is said to it without TLS, whose certificate is verified. */
  readonly tls: boolean;
}

/** Settings of the service about mail. */
export interface MailConfig {
  MUSTER_MAIL_SERVER?: MailServerAddress | undefined;
  MUSTER_MAIL_USER?: string | undefined;
  MUSTER_MAIL_PASSWORD?: string | undefined;
  MUSTER_MAIL_FROM?: string | undefined;
  MUSTER_MAIL_TLS: 'required' | 'off';
}

type Credentials = Pick<MailConfig, 'MUSTER_MAIL_SERVER' | 'MUSTER_MAIL_USER' | 'MUSTER_MAIL_PASSWORD'>;

/** Who the site is for the mail server. What is set on its own comes before what the address says. */
export function mailUserOf(config: Credentials): string | undefined {
  return config.MUSTER_MAIL_USER ?? config.MUSTER_MAIL_SERVER?.user;
}

export function mailPasswordOf(config: Credentials): string | undefined {
  return config.MUSTER_MAIL_PASSWORD ?? config.MUSTER_MAIL_SERVER?.password;
}

/** How the mail server is spoken to; undefined: the site has none. */
export function mailSettingsOf(config: MailConfig): MailSettings | undefined {
  const { MUSTER_MAIL_SERVER: server, MUSTER_MAIL_FROM: from } = config;
  if (!server || from === undefined) return undefined;
  const tls = config.MUSTER_MAIL_TLS === 'required';
  return { server, from, user: mailUserOf(config), password: mailPasswordOf(config), tls };
}

/** Reads the address of a mail server. What is wrong is said without repeating it: the address may hold a password. */
export function toMailServer(text: string, context: z.RefinementCtx): MailServerAddress {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '')
    return refuse('smtp://host or smtps://host is expected, with a port, user and password where needed');
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    return refuse('nothing is expected behind the host and its port');
  const secure = url.protocol === 'smtps:';
  try {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
      secure,
      ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    };
  } catch {
    return refuse('user and password must be written as in a URL: "%" as %25, "@" as %40');
  }
}
