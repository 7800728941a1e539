import { pino } from 'pino';
import { ContentError, type ContentProvider } from '../runner/content-provider.js';
import { ContentWithPatience, type Patience } from './content-with-patience.js';

const signal = new AbortController().signal;
const logger = pino({ level: 'silent' });
const stopped = new AbortController().signal;

/** Content that fails with these codes, one after the other, and is there afterwards. The clock goes on a minute with each. */
function content(codes: string[], patience: Partial<Patience>): { fetch(): Promise<unknown>; readonly tries: number } {
  let [tries, now] = [0, 0];
  const inner: ContentProvider = {
    fetch: () => {
      tries += 1;
      now += 60_000;
      const code = codes[tries - 1];
      if (code !== undefined) return Promise.reject(new ContentError(code as ContentError['code'], 'no'));
      return Promise.resolve({ folder: '/there', programs: {} });
    },
    application: () => Promise.reject(new Error('not asked')),
  };
  const whole = { purpose: 'Required' as const, timeZone: 'UTC', now: () => now, stopped, ...patience };
  const patient = new ContentWithPatience(inner, whole, logger);
  return {
    fetch: () => patient.fetch({ package: 'tool' }, signal),
    get tries() {
      return tries;
    },
  };
}

describe('content in the middle of a run', () => {
  it('fails at once for what room does not mend, and for an Available run', async () => {
    for (const [code, purpose] of [
      ['content.larger-than-cache', 'Required'],
      ['content.digest-mismatch', 'Required'],
      ['content.no-space', 'Available'],
      ['content.cache-full', 'Available'],
    ] as const) {
      const one = content([code], { purpose });
      await expect(one.fetch()).rejects.toMatchObject({ code });
      expect(one.tries).toBe(1);
    }
  });

  it('fails a Required run with what is in the way once its deployment has ended', async () => {
    const one = content(['content.cache-full', 'content.cache-full'], { expiresAt: '1970-01-01T00:00:30Z' });
    await expect(one.fetch()).rejects.toMatchObject({ code: 'content.cache-full' });
    expect(one.tries).toBe(1);
  });

  it('gives way when the run is let go while it waits', async () => {
    const stop = new AbortController();
    const inner: ContentProvider = {
      fetch: () => {
        setImmediate(() => stop.abort(new Error('let go')));
        return Promise.reject(new ContentError('content.no-space', 'full'));
      },
      application: () => Promise.reject(new Error('not asked')),
    };
    const patience = { purpose: 'Required' as const, timeZone: 'UTC', now: Date.now, stopped };
    const waiting = new ContentWithPatience(inner, patience, logger).fetch({ package: 'tool' }, stop.signal);
    await expect(waiting).rejects.toThrow('let go');
  });

  it('is waited for no longer once the site stops the run: its step ends with what was in the way', async () => {
    const stop = new AbortController();
    let tries = 0;
    const inner: ContentProvider = {
      fetch: () => {
        tries += 1;
        setImmediate(() => stop.abort('stopped by the site'));
        return Promise.reject(new ContentError('content.no-space', 'full'));
      },
      application: () => Promise.reject(new Error('not asked')),
    };
    const patience = { purpose: 'Required' as const, timeZone: 'UTC', now: Date.now, stopped: stop.signal };
    const patient = new ContentWithPatience(inner, patience, logger);
    await expect(patient.fetch({ package: 'tool' }, signal)).rejects.toMatchObject({ code: 'content.no-space' });
    await expect(patient.fetch({ package: 'tool' }, signal)).rejects.toMatchObject({ code: 'content.no-space' });
    expect(tries).toBe(2);
  });
});
