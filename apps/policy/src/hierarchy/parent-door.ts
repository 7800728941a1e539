import { problemSchema, CATEGORIES, type Category } from '@muster/contracts/problem.js';
import type { JoinRequest } from '@muster/contracts/hierarchy/joining.js';
import { MusterError } from '@muster/platform/errors.js';

const TIMEOUT_MILLISECONDS = 15_000;
/** Far more than the names of all sites of a hierarchy. */
const MOST_BYTES = 262_144;

/**
 * The address of a parent, as an administrator wrote it: one place, without anything that could lead elsewhere. Without TLS only
 * on this machine, because the token goes there.
 *
 * @throws MusterError `hierarchy.parent-address`
 */
export function parentAddress(text: string): URL {
  const url = URL.parse(text);
  const local = url !== null && /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname);
  const plain = url !== null && url.pathname === '/' && url.search + url.hash + url.username + url.password === '';
  if (url !== null && plain && (url.protocol === 'https:' || (url.protocol === 'http:' && local))) return url;
  throw new MusterError(
    'invalid',
    'hierarchy.parent-address',
    'The address of the parent is https://HOST or https://HOST:PORT, without a path; http:// only for a site on this machine',
  );
}

/**
 * Presents a request at the parent. No redirect is followed, the answer is limited in time and size, and nothing of it is shown
 * unless it is a refusal with a code of ours.
 *
 * @returns the JSON that came, not looked at yet
 * @throws MusterError `hierarchy.parent-unreachable`, or what the parent refuses with
 */
export async function knock(parent: URL, request: JoinRequest): Promise<unknown> {
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(new URL('/api/v1/hierarchy/joins', parent), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(request),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    status = response.status;
    body = JSON.parse(await readLimited(response));
  } catch (cause) {
    throw unreachable(parent, 'it cannot be reached, or does not answer with JSON', cause);
  }
  if (status === 200) return body;
  const problem = problemSchema.safeParse(body);
  if (!problem.success || !/^(hierarchy|document)\.[a-z-]+$/.test(problem.data.code))
    throw unreachable(parent, `it answered with status ${status}, not as the policy service of a site would`);
  const { code, detail, title } = problem.data;
  const category = (Object.keys(CATEGORIES) as Category[]).find((one) => CATEGORIES[one].status === status);
  const told = (detail ?? title).slice(0, 1_000);
  // Unauthenticated is the child's token there, not the caller of this site.
  throw new MusterError(
    category === undefined || category === 'unauthenticated' || category === 'bug' ? 'forbidden' : category,
    code,
    `The site at ${parent.origin} refuses: ${told}`,
  );
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MOST_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreachable(parent: URL, what: string, cause?: unknown): MusterError {
  return new MusterError(
    'unavailable',
    'hierarchy.parent-unreachable',
    `There is no site at ${parent.origin}: ${what}. Is it the public address of the parent?`,
    { cause },
  );
}
