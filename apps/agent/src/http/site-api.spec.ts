import { refused } from './server-error.js';
import type { Session } from './session.js';
import { SiteApi } from './site-api.js';
import type { Transport } from './transport.js';

/** A site that refuses everything so, and what its agent did about it. */
function siteThatSays(status: number, code: string) {
  const done = { asked: 0, dropped: 0 };
  const transport = {
    send: () => {
      done.asked += 1;
      const problem = { type: 'about:blank', title: 'No', status, code, detail: 'no' };
      return Promise.reject(refused('POST /api/v1/agent/fates', status, JSON.stringify(problem), undefined));
    },
  } as unknown as Transport;
  const session = { token: () => Promise.resolve('token'), drop: () => (done.dropped += 1) } as unknown as Session;
  const api = new SiteApi(transport, session);
  return { done, tell: () => api.fates({ fates: [] }, new AbortController().signal) };
}

describe('a site that refuses a request', () => {
  it('because its session has ended is asked again in another one', async () => {
    const { done, tell } = siteThatSays(401, 'session.expired-token');
    await expect(tell()).rejects.toMatchObject({ isUnknownRoute: false });
    expect(done).toEqual({ asked: 2, dropped: 1 });
  });

  // Its guard asks for an API token where it knows of no route for computers: 150,000 of them would begin sessions all the time.
  it('because it is older and has no such route keeps its session, and is not asked again at once', async () => {
    const { done, tell } = siteThatSays(401, 'auth.unknown-token');
    await expect(tell()).rejects.toMatchObject({ isUnknownRoute: true });
    expect(done).toEqual({ asked: 1, dropped: 0 });
  });
});
