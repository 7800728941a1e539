import type { Dispatcher } from 'undici';
import { StoreError } from './object-store.js';

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

/** What went wrong on the way to a store, in words. A StoreError stays what it is. */
export function networkFailure(error: unknown, who: string, key?: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const words = typeof code === 'string' ? WORDS[code] : undefined;
  if (words !== undefined) return new StoreError('unreachable', `${who} cannot be reached: ${words}`, error);
  const what = [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return new StoreError('refused', `${who} failed${key ? ` at ${key}` : ''}: ${what || 'no reason given'}`, error);
}

/** What a store's answer of refusal means, in words. Reads the answer to its end. */
export async function answerFailure(answer: Dispatcher.ResponseData, place: string, key: string): Promise<StoreError> {
  const text = (await answer.body.text().catch(() => '')).slice(0, 4_000);
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<]{1,300})<\/Message>/.exec(text)?.[1];
  const said = [code, message].filter(Boolean).join(': ');
  if (code === 'NoSuchBucket') return new StoreError('refused', `there is no bucket at ${place}: create it`);
  if (answer.statusCode === 404) return new StoreError('missing', `there is no ${key} at ${place}`);
  if (answer.statusCode === 403) {
    return new StoreError(
      'refused',
      `the store at ${place} refuses the keys (403${said ? ` ${said}` : ''}): check the credentials and the clocks`,
    );
  }
  return new StoreError(
    'refused',
    `the store at ${place} answered ${answer.statusCode}${said ? ` ${said}` : ''} for ${key}`,
  );
}
