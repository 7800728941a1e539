import type { Program } from '@muster/contracts/kinds/package.js';
import type { Application } from '@muster/sequence/applications/application.js';
import type { ContentKind } from '@muster/sequence/steps/download-package-content/definition.js';

/** A package a step asks for; `manifest` is the digest of the version the policy names. */
export interface ContentRequest {
  readonly package: string;
  /** What it is the content of. Default: a package. */
  readonly kind?: ContentKind | undefined;
  readonly manifest?: string | undefined;
}

/** A program that a package names. Without `arguments`, `command` is a command line, split without a shell. */
export type ContentProgram = Program;

/** Content on this computer, verified. */
export interface AvailableContent {
  readonly folder: string;
  readonly programs: Readonly<Record<string, ContentProgram>>;
}

/** Makes content available on this computer. Fails with ContentError; the step that asked then fails with its code. */
export interface ContentProvider {
  fetch(reference: ContentRequest, signal: AbortSignal): Promise<AvailableContent>;
  /** The step that asked has ended: what was fetched for it alone may go. Never fails. */
  release?(): Promise<void>;
  /** The document of an application; its content is fetched apart. Code `content.application-not-found`: there is none of that name. */
  application(name: string, signal: AbortSignal): Promise<Application>;
}

/** Content that cannot be had: stable code, e.g. `content.package-not-found`. */
export class ContentError extends Error {
  override readonly name = 'ContentError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A name that is one part of a path on every system: nothing leads out of a folder with it. */
export function isPlainName(name: string): boolean {
  return name.length <= 253 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}
