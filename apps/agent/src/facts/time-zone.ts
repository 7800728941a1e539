/** The time zone of this computer, an IANA name, as it was when this process started. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
