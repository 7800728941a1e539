import { get } from 'node:http';

/** How a child shows that it works: it answers 200 at a URL, or a probe says so. */
export type Readiness = { readonly url: string } | { readonly probe: () => Promise<boolean> };

const requestTimeoutMilliseconds = 2000;

/** One look; a failure of any kind means "not yet". */
export async function isReady(readiness: Readiness): Promise<boolean> {
  if ('url' in readiness) return answersOk(readiness.url);
  try {
    return await readiness.probe();
  } catch {
    return false;
  }
}

/** True when GET answers 200. */
export function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    // No kept connection: it would hold up the child's own graceful end.
    const request = get(url, { agent: false, timeout: requestTimeoutMilliseconds }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
