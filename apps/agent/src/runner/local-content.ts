import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { reasonOf, systemCode } from '../journal/journal-error.js';
import { type AvailableContent, ContentError, type ContentProvider, type ContentRequest } from './content-provider.js';

const packageFileSchema = z.strictObject({
  programs: z.record(
    z.string(),
    z.strictObject({
      command: z.string().min(1),
      arguments: z.array(z.string()).optional(),
      successCodes: z.array(z.int()).min(1).optional(),
      timeoutSeconds: z.int().min(1).optional(),
    }),
  ),
});

/** Content out of a folder: `DIR/<package>/`, programs named in `DIR/<package>/package.yaml`. For `muster run --content DIR`. */
export class LocalContent implements ContentProvider {
  /** @param root folder of packages; undefined when the user named none. */
  constructor(private readonly root: string | undefined) {}

  async fetch(reference: ContentRequest): Promise<AvailableContent> {
    return this.find(reference.package);
  }

  /** Is something of that name there? For explain. */
  has({ name }: { readonly name: string }): boolean {
    try {
      this.find(name);
      return true;
    } catch (error) {
      if (error instanceof ContentError) return false;
      throw error;
    }
  }

  private find(name: string): AvailableContent {
    if (this.root === undefined) {
      throw new ContentError(
        'content.no-source',
        `the step needs package "${name}": say where packages are with --content DIR`,
      );
    }
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new ContentError('content.invalid-name', `"${name}" is no package name: letters, digits, dots, hyphens`);
    }
    const folder = join(resolve(this.root), name);
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new ContentError('content.package-not-found', `there is no folder ${folder} for package "${name}"`);
    }
    return { folder, programs: readPrograms(join(folder, 'package.yaml')) };
  }
}

function readPrograms(path: string): AvailableContent['programs'] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw new ContentError('content.not-readable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return packageFileSchema.parse(parse(text)).programs;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new ContentError('content.invalid-package-file', `${path} is not valid: ${why}`, { cause: error });
  }
}
