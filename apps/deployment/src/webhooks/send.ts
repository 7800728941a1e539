import { lookup as resolve } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { BlockList, LookupFunction } from 'node:net';
import type { Answer } from './judge-delivery.js';
import { addressOf, judgeAddress } from './judge-address.js';

const TIMEOUT_SECONDS = 10;
/** Of an answer only the status counts; so much of the rest is read to be polite. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** One request to somebody else's address. */
export interface Parcel {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends a request to an address that was judged, and to no other: the name is resolved once, every address that it has is judged,
 * and the connection goes to one of those. Redirects are answers like others. Never throws for what the receiver or the network does.
 *
 * @param allowed networks that may be sent to although they are not public, also without TLS
 */
export async function send(parcel: Parcel, allowed: BlockList): Promise<Answer> {
  const url = new URL(parcel.url);
  const found = await findAddresses(url, allowed);
  if ('error' in found) return found;
  try {
    return await exchange(url, parcel, pinned(found.addresses));
  } catch (error) {
    return { error: sentence(error) };
  }
}

interface Address {
  readonly address: string;
  readonly family: number;
}

async function findAddresses(url: URL, allowed: BlockList): Promise<{ addresses: Address[] } | { error: string }> {
  const literal = addressOf(url.hostname);
  let addresses: Address[];
  try {
    addresses =
      literal === undefined
        ? await resolve(url.hostname, { all: true })
        : [{ address: literal, family: literal.includes(':') ? 6 : 4 }];
  } catch (error) {
    return { error: `the name ${url.hostname} cannot be resolved (${codeOf(error) ?? 'unknown'})` };
  }
  const judged = addresses.map(({ address }) => judgeAddress(address, allowed));
  // One that is not ours to send to is reason enough: who answers so wants us to reach it.
  const wrong = judged.indexOf('refused');
  if (wrong >= 0)
    return { error: `${addresses[wrong]?.address} is in a network that webhooks of this site are not sent to` };
  if (url.protocol === 'http:' && judged.includes('public'))
    return { error: 'events go to public addresses by https only' };
  return { addresses };
}

/** Answers whoever connects with the addresses that were judged. */
function pinned(addresses: readonly Address[]): LookupFunction {
  return (_hostname, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
}

async function exchange(url: URL, { headers, body }: Parcel, lookup: LookupFunction): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  const response = await new Promise<IncomingMessage>((answered, failed) => {
    const begin = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = begin(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
      lookup,
      // A connection of its own: one that was kept could have been closed meanwhile, which would look like a failure.
      agent: false,
      signal,
    });
    request.on('response', answered).on('error', failed).end(body);
  });
  await readAway(response);
  const retryAfter = Number(response.headers['retry-after']);
  return {
    status: response.statusCode ?? 0,
    ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
  };
}

/** The status is known: whatever happens to the rest changes nothing. */
async function readAway(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > MOST_ANSWER_BYTES) break;
    }
  } catch {
    response.destroy();
  }
}

function sentence(error: unknown): string {
  const { name } = (error ?? {}) as { name?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${TIMEOUT_SECONDS} seconds`;
  const code = codeOf(error);
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}

function codeOf(error: unknown): string | undefined {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  return cause === undefined ? (errors?.[0] === undefined ? undefined : codeOf(errors[0])) : codeOf(cause);
}
