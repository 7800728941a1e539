/** Where a site hands alerts over as mail; the deployment service judges what is said. */
export interface MailOfSite {
  /** smtp:// or smtps://. */
  readonly server: string;
  /** The sender. */
  readonly from?: string | undefined;
  /** Absolute path: the password itself is in no environment and no list of processes. */
  readonly passwordFile?: string | undefined;
  /** required (default) or off. */
  readonly tls?: string | undefined;
}

/** As settings of the deployment service. Pure. */
export function mailEnvironment(mail: MailOfSite | undefined): Record<string, string> {
  if (!mail) return {};
  const { server, from, passwordFile, tls } = mail;
  return {
    MUSTER_MAIL_SERVER: server,
    ...(from === undefined ? {} : { MUSTER_MAIL_FROM: from }),
    ...(passwordFile === undefined ? {} : { MUSTER_MAIL_PASSWORD_FILE: passwordFile }),
    ...(tls === undefined ? {} : { MUSTER_MAIL_TLS: tls }),
  };
}
