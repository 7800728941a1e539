import { RestartBackoff } from './backoff.js';
import { newToken, tokenDigest } from './keys.js';
import { fillTemplate } from './template.js';

describe('pieces of muster up without I/O', () => {
  it('doubles the wait between restarts up to ten seconds, and starts over after thirty seconds of health', () => {
    const backoff = new RestartBackoff();
    const waits = [0, 0, 5, 29, 0, 0, 0, 0].map((readySeconds) => backoff.next(readySeconds));
    expect(waits).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]);
    expect(backoff.next(30)).toBe(0.2);
    expect(backoff.next(0)).toBe(0.4);
  });

  it('fills every placeholder of a template and refuses one without a value', () => {
    expect(fillTemplate('port = @PORT@ # user@host, @PORT@', { PORT: 7 })).toBe('port = 7 # user@host, 7');
    expect(() => fillTemplate('@PORT@ @OTHER@', { PORT: 7 })).toThrow('@OTHER@');
  });

  it('makes tokens of 256 bits that differ', () => {
    expect(newToken()).toMatch(/^muster_[A-Za-z0-9_-]{43}$/);
    expect(newToken()).not.toBe(newToken());
    expect(tokenDigest('muster_x')).toMatch(/^[0-9a-f]{64}$/);
  });
});
