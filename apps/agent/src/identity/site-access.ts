import { rmSync } from 'node:fs';
import { z } from 'zod';
import { readIfPresent, replaceFile } from './durable-files.js';

const refusalSchema = z.object({
  code: z.enum([
    'session.device-pending',
    'session.device-blocked',
    'session.device-deleted',
    'session.other-hardware',
  ]),
  since: z.string(),
});

/** The site's word that this computer has nothing to expect from it. */
export type Refusal = z.infer<typeof refusalSchema>;

const SENTENCES: Readonly<Record<Refusal['code'], string>> = {
  'session.device-pending': 'this computer waits for its approval at the site',
  'session.device-blocked': 'the site has blocked this computer',
  'session.device-deleted': 'the site has deleted this device: enrol again, with --force',
  'session.other-hardware': 'the site knows the key of this computer from another one: enrol again, with --force',
};

/** A refusal as a sentence for people. */
export function describeRefusal({ code, since }: Refusal): string {
  return `${SENTENCES[code]} (${code}, since ${since}); nothing starts here`;
}

/** The last word of the site about this computer; undefined: it was let in. A file that says nonsense is none. */
export function readRefusal(path: string): Refusal | undefined {
  try {
    return refusalSchema.safeParse(JSON.parse(readIfPresent(path) ?? 'null')).data;
  } catch {
    return undefined;
  }
}

/**
 * Whether the site lets this computer in. Kept on disk: a restart must not start what the site has refused, also while the site is
 * away.
 */
export class SiteAccess {
  private current: Refusal | undefined;

  /** @param changed told when the site changed its mind */
  constructor(
    private readonly path: string,
    private readonly changed: (refusal: Refusal | undefined) => void,
  ) {
    this.current = readRefusal(path);
  }

  get refusal(): Refusal | undefined {
    return this.current;
  }

  /** The site answered a request with this code. */
  refused(code: string): void {
    const refusal = refusalSchema.safeParse({ code, since: new Date().toISOString() }).data;
    if (!refusal || this.current?.code === refusal.code) return;
    this.current = refusal;
    replaceFile(this.path, JSON.stringify(refusal));
    this.changed(refusal);
  }

  /** The site answered what was asked. */
  admitted(): void {
    if (!this.current) return;
    this.current = undefined;
    rmSync(this.path, { force: true });
    this.changed(undefined);
  }
}
