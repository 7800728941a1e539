import type { Dispatcher } from 'undici';
import { StoreError, type StoreErrorCode } from './object-store.js';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused; is the store running?',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up right now',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'there was no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'there was no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'there was no answer in time',
  UND_ERR_BODY_TIMEOUT: 'its answer stopped in the middle',
  UND_ERR_SOCKET: 'the connection broke',
};

/** Below this a refusal has another reason: stores allow 15 minutes, and a URL of ours lives as long. */
const NOTEWORTHY_SKEW_SECONDS = 5 * 60;

/** What went wrong on the way to a store, in words. A StoreError stays what it is. */
export function networkFailure(error: unknown, who: string, key?: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const words = typeof code === 'string' ? WORDS[code] : undefined;
  if (words !== undefined) return new StoreError('unreachable', `${who} cannot be reached: ${words}`, { cause: error });
  const what = [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return new StoreError('refused', `${who} failed${key ? ` at ${key}` : ''}: ${what || 'no reason given'}`, {
    cause: error,
  });
}

/** A store's answer of refusal, as far as it explains itself. */
export interface Refusal {
  status: number;
  /** `<Code>` of the error document. */
  code?: string | undefined;
  message?: string | undefined;
  /** `<Region>`: what the store would accept. */
  region?: string | undefined;
  /** `Date` of the answer, milliseconds. */
  storeTime?: number | undefined;
}

/** What was asked of whom. */
export interface Asked {
  place: string;
  accessKeyId: string;
  region: string;
  /** Undefined: the bucket itself. */
  key?: string | undefined;
  /** Our time when the answer came, milliseconds. */
  ourTime: number;
}

/** Takes an answer apart. Reads it to its end. */
export async function readRefusal(answer: Dispatcher.ResponseData): Promise<Refusal> {
  const text = (await answer.body.text().catch(() => '')).slice(0, 4_000);
  const element = (name: string) => new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(text)?.[1];
  const date = answer.headers['date'];
  const storeTime = typeof date === 'string' ? Date.parse(date) : NaN;
  return {
    status: answer.statusCode,
    code: element('Code'),
    message: element('Message'),
    region: element('Region'),
    storeTime: Number.isNaN(storeTime) ? undefined : storeTime,
  };
}

/** What a store's answer of refusal means, in one sentence with the cure. */
export function explainRefusal(refusal: Refusal, asked: Asked): StoreError {
  const { place } = asked;
  const said = [refusal.code, refusal.message].filter(Boolean).join(': ');
  const refused = (code: StoreErrorCode, sentence: string) => new StoreError('refused', sentence, { code });
  if (refusal.code === 'NoSuchBucket' || (refusal.status === 404 && asked.key === undefined)) {
    return refused('content.store-bucket-missing', `there is no bucket at ${place}: create it`);
  }
  if (refusal.status === 404) return new StoreError('missing', `there is no ${asked.key} at ${place}`);
  if (refusal.status === 507 || refusal.code === 'QuotaExceeded') {
    return refused(
      'content.store-disk-full',
      `the store at ${place} has no space left: add some, or remove content from this point`,
    );
  }
  if (refusal.status === 412) {
    return refused('content.store-object-changed', `${asked.key} at ${place} is not the object any more that it was`);
  }
  const skew = clockSkew(refusal, asked.ourTime);
  if (skew !== undefined) {
    return refused(
      'content.store-clock-skew',
      `the store at ${place} refuses the signature because of its time: ${skew}. Set both clocks, best by NTP`,
    );
  }
  if (refusal.region !== undefined && refusal.region !== asked.region) {
    return refused(
      'content.store-wrong-region',
      `the store at ${place} is in region "${refusal.region}", asked was "${asked.region}": correct the region`,
    );
  }
  switch (refusal.code) {
    case 'InvalidAccessKeyId':
      return refused(
        'content.store-key-unknown',
        `the store at ${place} does not know the access key "${asked.accessKeyId}": check the credentials`,
      );
    case 'SignatureDoesNotMatch':
      return refused(
        'content.store-secret-wrong',
        `the store at ${place} knows the access key "${asked.accessKeyId}" by another secret: check the secret key, and that no proxy changes requests`,
      );
    default:
  }
  if (refusal.status === 401 || refusal.status === 403) {
    return refused(
      'content.store-no-permission',
      `the access key "${asked.accessKeyId}" may not do this at ${place} (${refusal.status}${said ? ` ${said}` : ''}): give it permission for the bucket`,
    );
  }
  return new StoreError(
    'refused',
    `the store at ${place} answered ${refusal.status}${said ? ` ${said}` : ''}${asked.key === undefined ? '' : ` for ${asked.key}`}`,
  );
}

/**
 * Whether a refusal is due to the clocks, and in which direction. Stores say it in many ways (an expired URL, one that is not valid
 * yet, RequestTimeTooSkewed, plain AccessDenied), so their `Date` decides; only a code that says nothing else is taken for it.
 */
function clockSkew({ status, code, storeTime }: Refusal, ourTime: number): string | undefined {
  const certain = code === 'RequestTimeTooSkewed' || code === 'RequestExpired' || code === 'ExpiredToken';
  const possible = (status === 403 || status === 400) && (code === undefined || code === 'AccessDenied');
  if (!certain && !possible) return undefined;
  const seconds = storeTime === undefined ? 0 : Math.round((storeTime - ourTime) / 1000);
  if (Math.abs(seconds) < NOTEWORTHY_SKEW_SECONDS) return certain ? 'the clocks differ' : undefined;
  const minutes = Math.round(Math.abs(seconds) / 60);
  return `its clock is ${minutes} minutes ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
}
