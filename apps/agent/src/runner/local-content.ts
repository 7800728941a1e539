import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { programSchema } from '@muster/contracts/kinds/package.js';
import { type Application, applicationSchema } from '@muster/sequence/applications/application.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { reasonOf, systemCode } from '../journal/journal-error.js';
import {
  type AvailableContent,
  ContentError,
  type ContentProvider,
  type ContentRequest,
  isPlainName,
} from './content-provider.js';

const packageFileSchema = z.strictObject({ programs: z.record(z.string(), programSchema) });

/**
 * Content out of a folder: `DIR/<package>/`, programs named in `DIR/<package>/package.yaml`. Applications are
 * `DIR/<application>/application.yaml`; a deployment type that names no package has its content in the same folder.
 * For `muster run --content DIR`.
 */
export class LocalContent implements ContentProvider {
  /** @param root folder of packages; undefined when the user named none. */
  constructor(private readonly root: string | undefined) {}

  async fetch(reference: ContentRequest): Promise<AvailableContent> {
    const folder = this.folderOf(reference.package, 'package');
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new ContentError(
        'content.package-not-found',
        `there is no folder ${folder} for package "${reference.package}"`,
      );
    }
    const path = join(folder, 'package.yaml');
    const file = readDocument(path, packageFileSchema, 'content.invalid-package-file');
    return { folder, programs: file?.programs ?? {} };
  }

  async application(name: string): Promise<Application> {
    const path = join(this.folderOf(name, 'application'), 'application.yaml');
    const found = readDocument(path, applicationSchema, 'content.invalid-application-file');
    if (!found)
      throw new ContentError('content.application-not-found', `there is no file ${path} for application "${name}"`);
    return { ...found, deploymentTypes: found.deploymentTypes.map((type) => ({ package: name, ...type })) };
  }

  /** Is something of that name there? For explain. */
  has({ kind, name }: { readonly kind: string; readonly name: string }): boolean {
    if (!isPlainName(name)) return false;
    const folder = this.folderOf(name, kind === 'Application' ? 'application' : 'package');
    return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  private folderOf(name: string, what: 'package' | 'application'): string {
    if (this.root === undefined) {
      throw new ContentError(
        'content.no-source',
        `the step needs ${what} "${name}": say where packages are with --content DIR`,
      );
    }
    if (!isPlainName(name)) {
      throw new ContentError('content.invalid-name', `"${name}" is no ${what} name: letters, digits, dots, hyphens`);
    }
    return join(resolve(this.root), name);
  }
}

/** A YAML file that fits the schema; undefined when there is none. */
function readDocument<T>(path: string, schema: z.ZodType<T>, invalidCode: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw new ContentError('content.not-readable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return schema.parse(parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new ContentError(invalidCode, `${path} is not valid: ${why}`, { cause: error });
  }
}
