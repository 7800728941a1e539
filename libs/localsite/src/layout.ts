import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from './atomic-file.js';
import { makeFolders } from './make-folders.js';
import { systemErrorCode, UpError } from './up-error.js';

/** Version of the data folder's shape. Another number is never touched. */
export const layoutVersion = 1;

/** Where everything of one site is kept. Every path is absolute. */
export interface SiteLayout {
  readonly root: string;
  readonly siteFile: string;
  readonly lockFile: string;
  readonly childrenFile: string;
  readonly postgres: string;
  readonly nats: string;
  readonly store: string;
  readonly keys: string;
  /** Which other buses this site's is connected to, written by the policy service. */
  readonly busLinks: string;
  readonly logs: string;
  readonly agent: string;
}

const siteFileSchema = z.object({
  layoutVersion: z.literal(layoutVersion),
  siteCode: z.string().regex(/^[A-Z0-9]{3}$/),
  createdAt: z.iso.datetime(),
  ports: z.record(z.string(), z.int().min(1).max(65_535)),
});

/** Content of `site.json`. `ports` maps a name (`edge`, `postgres`, `catalog-http`, …) to a TCP port. */
export type SiteFile = z.infer<typeof siteFileSchema>;

/** The paths of a data folder; creates nothing. */
export function siteLayout(dataFolder: string): SiteLayout {
  const root = resolve(dataFolder);
  return {
    root,
    siteFile: join(root, 'site.json'),
    lockFile: join(root, 'up.lock'),
    childrenFile: join(root, 'children.json'),
    postgres: join(root, 'postgres'),
    nats: join(root, 'nats'),
    store: join(root, 'store'),
    keys: join(root, 'keys'),
    busLinks: join(root, 'keys', 'bus-links.json'),
    logs: join(root, 'logs'),
    agent: join(root, 'agent'),
  };
}

/**
 * Reads `site.json`, or returns null where the site does not exist yet. Changes nothing.
 * Throws `up.layout-version` for data of another layout and `up.damaged-site-file` for an unreadable file.
 */
export function readSiteFile(layout: SiteLayout): SiteFile | null {
  let text: string;
  try {
    text = readFileSync(layout.siteFile, 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT' || systemErrorCode(cause) === 'ENOTDIR') return null;
    throw new UpError('up.not-writable', `${layout.siteFile} cannot be read (${systemErrorCode(cause) ?? 'unknown'})`, {
      cause,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new UpError(
      'up.damaged-site-file',
      `${layout.siteFile} is not JSON: restore it, or choose another folder with --data`,
      {
        cause,
      },
    );
  }
  const found = z.object({ layoutVersion: z.number() }).safeParse(content);
  if (found.success && found.data.layoutVersion !== layoutVersion) {
    throw new UpError(
      'up.layout-version',
      `${layout.root} has data of layout version ${found.data.layoutVersion}, this muster works with version ${layoutVersion}: choose another folder with --data`,
    );
  }
  const parsed = siteFileSchema.safeParse(content);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new UpError(
      'up.damaged-site-file',
      `${layout.siteFile} is damaged at "${where}": restore it, or choose another folder with --data`,
    );
  }
  return parsed.data;
}

/** Writes `site.json` as a whole. */
export function writeSiteFile(layout: SiteLayout, site: SiteFile): void {
  writeFileAtomic(layout.siteFile, `${JSON.stringify(site, null, 2)}\n`, 0o644);
}

/** Creates the folders of the site that are missing. Throws `up.not-writable`. */
export function createFolders(layout: SiteLayout): void {
  try {
    // Others may pass through, not look in: Postgres runs as another user when muster is root.
    makeFolders(layout.root, 0o711);
    makeFolders(layout.postgres, 0o711);
    for (const folder of [layout.nats, layout.store, layout.keys, layout.logs, layout.agent])
      makeFolders(folder, 0o700);
  } catch (cause) {
    throw new UpError(
      'up.not-writable',
      `the data folder ${layout.root} cannot be written (${systemErrorCode(cause) ?? 'unknown'}): give write permission, or choose another folder with --data`,
      { cause },
    );
  }
}
