import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkEntrySchema, pullAnswerSchema } from '@muster/contracts/links/link-messages.js';
import { KINDS } from '@muster/contracts/kinds/all.js';
import type { Kind } from '@muster/contracts/resource.js';
import { mergeReplica } from '@muster/hierarchy/replica.js';
import { received } from '@muster/replication/replica.repository.js';
import { openMessage, type SitePublicKey } from '@muster/replication/site-signature.js';
import { type ReplicableStore, ReplicatedResource } from '@muster/service/replication/replicated-resource.js';
import { CONTENT_VERSION } from '../../apps/content/src/sites/content-version.js';

/** What sites of a release said, as they said it: never to be written anew by a later release. */
interface Frozen {
  release: string;
  publicKey: SitePublicKey;
  signature: string;
  body: string;
}

const folder = join(import.meta.dirname, 'releases');
const releases = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Frozen);
const resources = new Map(
  (KINDS as readonly Kind<unknown, unknown>[]).map((kind) => [
    kind.kind,
    new ReplicatedResource({ kind } as ReplicableStore<unknown, unknown>),
  ]),
);

describe.each(releases)('the feed of a site of release $release', ({ publicKey, signature, body }) => {
  const open = (text: string) =>
    openMessage(pullAnswerSchema, 'pull answer', { body: Buffer.from(text), signature }, publicKey);
  const entries = open(body).entries.map((entry) => linkEntrySchema.parse(entry));

  it('is proved by its signature, and not when a letter of it is another one', () => {
    expect(entries.length).toBeGreaterThan(5);
    expect(() => open(body.replace('"from":"PR1"', '"from":"PR2"'))).toThrow(/not signed by the site/);
  });

  it('is read without losing a word', () => {
    expect(entries).toEqual((JSON.parse(body) as { entries: unknown[] }).entries);
  });

  it('has objects of every kind that this release understands', () => {
    const kinds = new Set<string>();
    for (const { kind, content } of entries) {
      if (content === null) continue;
      kinds.add(kind);
      const understand = kind === CONTENT_VERSION.kind ? CONTENT_VERSION : resources.get(kind);
      if (understand) expect(understand.understand(content)).toEqual(content);
      else expect([kind, content]).toEqual(['Folder', {}]);
    }
    expect([...kinds].sort()).toEqual([
      'Application',
      'Collection',
      'ContentVersion',
      'Deployment',
      'Device',
      'Folder',
      'Package',
      'TaskSequence',
    ]);
  });

  it('is merged to the versions that it says, once and again', () => {
    for (const entry of entries) {
      const { replica } = received(entry, 'PR1');
      expect(replica.version).toEqual({ site: entry.site, stamp: entry.stamp });
      const once = mergeReplica(undefined, replica);
      expect(mergeReplica(once.replica, replica).changed).toBe('nothing');
    }
  });
});
