import type { ToldNotice } from './notice.repository.js';

/** More are only counted: a mail is to be read. */
const MOST_TOLD = 50;
const LONGEST_SUBJECT = 200;
const LONGEST_MESSAGE = 500;

/** What a mail says. */
export interface MailText {
  readonly subject: string;
  readonly body: string;
}

/**
 * Writes the mail that tells some notices: errors first, what was raised before what is resolved. Names and numbers only; it knows no
 * secret. Pure.
 *
 * @param site whose subscription it is
 */
export function writeMail(
  notices: readonly ToldNotice[],
  { site, subscription, title }: { site: string; subscription: string; title?: string | undefined },
): MailText {
  const inOrder = notices.toSorted((a, b) => rank(a) - rank(b) || a.happenedAt.localeCompare(b.happenedAt));
  const told = inOrder.slice(0, MOST_TOLD);
  const more = inOrder.slice(MOST_TOLD);
  const parts = [
    ...(notices.length > 1 ? [`${counts(notices)}.`] : []),
    ...told.map((notice) => paragraph(notice, site)),
    ...(more.length > 0
      ? [`… and ${more.length} more: ${counts(more)}. See them all:\n  muster --site ${site} alert list`]
      : []),
    footer(site, subscription, title),
  ];
  return { subject: subjectOf(inOrder, site), body: `${parts.join('\n\n')}\n` };
}

/** Writes a mail that is only a test. Pure. */
export function writeTestMail({
  site,
  subscription,
  title,
}: {
  site: string;
  subscription: string;
  title?: string | undefined;
}): MailText {
  return {
    subject: `[Muster ${site}] test of subscription ${subscription}`,
    body: `This is a test. Alerts of subscription ${subscription} come to this address.\n\n${footer(site, subscription, title)}\n`,
  };
}

function rank({ crossing, severity }: ToldNotice): number {
  return (crossing === 'raised' ? 0 : 2) + (severity === 'error' ? 0 : 1);
}

function counts(notices: readonly ToldNotice[]): string {
  const raised = notices.filter(({ crossing }) => crossing === 'raised').length;
  const resolved = notices.length - raised;
  const alerts = (count: number) => `${count} alert${count === 1 ? '' : 's'}`;
  if (resolved === 0) return `${alerts(raised)} raised`;
  return raised === 0 ? `${alerts(resolved)} resolved` : `${alerts(raised)} raised, ${resolved} resolved`;
}

function subjectOf(notices: readonly ToldNotice[], site: string): string {
  const [first] = notices;
  const what = notices.length === 1 && first ? `${first.crossing}: ${first.message}` : counts(notices);
  const of = notices.length === 1 && first && first.site !== site ? `${site}, of ${first.site}` : site;
  return cut(oneLine(`[Muster ${of}] ${what}`), LONGEST_SUBJECT);
}

function paragraph(notice: ToldNotice, here: string): string {
  const { alert, site, crossing, severity, message, happenedAt, times } = notice;
  const of = site === here ? '' : ` --of ${site}`;
  return [
    `${crossing.toUpperCase()}  ${severity}  ${alert}${site === here ? '' : ` of site ${site}`}`,
    `  ${crossing === 'resolved' ? 'no longer: ' : ''}${cut(oneLine(message), LONGEST_MESSAGE)}`,
    `  at ${happenedAt}${times > 1 ? `; it was raised or resolved ${times} times, this is the last` : ''}`,
    `  look: muster --site ${here} alert describe ${alert}${of}`,
    ...(crossing === 'raised' ? [`  say that you do: muster --site ${site} alert acknowledge ${alert}`] : []),
  ].join('\n');
}

function footer(site: string, subscription: string, title: string | undefined): string {
  const named = title === undefined ? subscription : `${subscription} (${oneLine(title)})`;
  return [
    '-- ',
    `Sent by site ${site} for its alert subscription ${named}. Change or end it:`,
    `  muster --site ${site} get alert-subscription ${subscription} -o yaml`,
  ].join('\n');
}

/** Texts of people and of other systems stay on their line, also in a header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
