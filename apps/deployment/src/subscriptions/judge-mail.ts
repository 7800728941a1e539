import type { MailRecipient } from '@muster/contracts/kinds/alert-subscription.js';

/** What the mail server made of one attempt: something for each address, or nothing at all. */
export type MailAnswer = { readonly recipients: readonly MailRecipient[] } | { readonly error: string };

/** What the library says of one refusal, as far as it is read here. */
interface Refusal {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly command?: unknown;
  readonly recipient?: unknown;
  readonly rejectedErrors?: unknown;
}

const LONGEST_ANSWER = 300;
/** RFC 5321: the commands came in an order that the server did not expect. Says nothing of the mail. */
const BAD_SEQUENCE = 503;

/** The server took the mail, but for those whom it refused. Pure. */
export function answerOfSent(
  addresses: readonly string[],
  sent: { readonly response?: unknown; readonly rejectedErrors?: unknown },
): MailAnswer {
  const refused = refusals(sent.rejectedErrors);
  const answer = oneLine(sent.response);
  return {
    recipients: addresses.map((address) => {
      const refusal = refused.get(address.toLowerCase());
      return refusal ? refusedBy(refusal, address) : { address, state: 'taken', answer };
    }),
  };
}

/**
 * What an attempt that threw means. Refused addresses, and a refused content, are answers. All else, also a sender or a password that
 * is refused, is no answer about this mail: nothing gets through, whoever it is for. Pure.
 */
export function answerOfError(addresses: readonly string[], error: unknown): MailAnswer {
  const refusal = (error ?? {}) as Refusal;
  const refused = refusals(refusal.rejectedErrors);
  if (refused.size > 0) {
    return {
      recipients: addresses.map((address) => refusedBy(refused.get(address.toLowerCase()) ?? refusal, address)),
    };
  }
  const ofContent = refusal.code === 'EMESSAGE' || (refusal.code === 'EENVELOPE' && refusal.command === 'DATA');
  return ofContent
    ? { recipients: addresses.map((address) => refusedBy(refusal, address)) }
    : { error: sentence(refusal) };
}

function refusals(errors: unknown): Map<string, Refusal> {
  const all = (Array.isArray(errors) ? errors : []) as Refusal[];
  return new Map(all.map((one) => [String(one.recipient).toLowerCase(), one]));
}

/** 5xx is for ever; a 4xx, as of a full mailbox or a server that wants to see the mail twice, is for now. */
function refusedBy(refusal: Refusal, address: string): MailRecipient {
  const status = Number(refusal.responseCode);
  const temporary = (status >= 400 && status < 500) || status === BAD_SEQUENCE;
  return { address, state: temporary ? 'waiting' : 'refused', answer: oneLine(refusal.response ?? refusal.message) };
}

function sentence({ response, message, command }: Refusal): string {
  if (typeof response !== 'string' || response === '') return oneLine(message);
  return oneLine(`the mail server answered ${typeof command === 'string' ? `${command} with ` : ''}"${response}"`);
}

/** What a server says is somebody else's text: one line of it, and not too long. */
function oneLine(text: unknown): string {
  const line = (typeof text === 'string' ? text : '').replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  if (line === '') return 'no reason was given';
  return line.length > LONGEST_ANSWER ? `${line.slice(0, LONGEST_ANSWER)}…` : line;
}

/** What is known of each address behind an attempt: those that were not asked about stay as they are. Pure. */
export function withAnswers(
  before: readonly MailRecipient[] | null,
  answers: readonly MailRecipient[],
): MailRecipient[] {
  if (before === null) return [...answers];
  const now = new Map(answers.map((one) => [one.address, one]));
  return before.map((one) => now.get(one.address) ?? one);
}

/** Nothing of a mail is tried again: who still waits was refused often enough. Pure. */
export function givenUp(recipients: readonly MailRecipient[]): MailRecipient[] {
  return recipients.map((one) =>
    one.state === 'waiting' ? { ...one, state: 'refused', answer: `given up: ${one.answer}` } : one,
  );
}
