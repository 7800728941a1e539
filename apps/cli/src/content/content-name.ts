import { application } from '@muster/contracts/kinds/application.js';
import { contentKindSchema, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Kind } from '@muster/contracts/resource.js';
import { kindOf } from '../commands/arguments.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** How help says what can stand for content. */
export const CONTENT_WORDS =
  'A name alone is a package; others are kind/name: os-image/debian-12, upgrade-package/…, boot-image/…, driver-package/….';

/** `hello`, `package/hello`, `os-image/debian`, `osImage/debian`. @throws CliError `cli.no-content`, `cli.unknown-kind` */
export function parseContent(word: string): ContentReference {
  const found = parseUsed(word);
  const kind = contentKindSchema.safeParse(found.kind);
  if (kind.success) return { kind: kind.data, name: found.name };
  const known = Object.values(CONTENT_RESOURCES).map(({ singular }) => `${singular}/NAME`);
  throw new CliError(
    'cli.no-content',
    `${found.kind} "${found.name}" has no content of its own; what has: ${known.join(', ')}`,
    EXIT_CODES.usage,
  );
}

/** The same, or an application. */
export function parseUsed(word: string): { kind: ContentReference['kind'] | 'Application'; name: string } {
  const slash = word.indexOf('/');
  if (slash < 0) return { kind: 'Package', name: word };
  const { kind } = kindOf(word.slice(0, slash));
  const content = contentKindSchema.safeParse(kind);
  if (content.success) return { kind: content.data, name: word.slice(slash + 1) };
  if (kind === application.kind) return { kind: 'Application', name: word.slice(slash + 1) };
  throw new CliError('cli.no-content', `"${word}" is neither content nor an application`, EXIT_CODES.usage);
}

/** The kind that a reference is of. */
export function contentKind({ kind }: ContentReference): Kind<unknown, PackageStatus> {
  return CONTENT_RESOURCES[kind];
}
