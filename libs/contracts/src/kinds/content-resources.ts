import { z } from 'zod';
import type { Kind } from '../resource.js';
import { bootImage } from './boot-image.js';
import type { ContentKind } from './content-reference.js';
import { driverPackage } from './driver-package.js';
import { osImage } from './os-image.js';
import { packageKind, type PackageStatus } from './package.js';
import { upgradePackage } from './upgrade-package.js';

/** The kinds with files in versions, each with its own specification and the same status. */
export const CONTENT_RESOURCES = {
  Package: packageKind,
  OsImage: osImage,
  UpgradePackage: upgradePackage,
  BootImage: bootImage,
  DriverPackage: driverPackage,
} as unknown as Readonly<Record<ContentKind, Kind<unknown, PackageStatus>>>;

/** How addresses name such a kind: `packages`, `os-images`, … */
export const contentPluralSchema = z.enum(
  Object.values(CONTENT_RESOURCES).map(({ plural }) => plural) as [string, ...string[]],
);

/** @param plural one of {@link contentPluralSchema} */
export function contentKindOf(plural: string): ContentKind {
  const found = Object.values(CONTENT_RESOURCES).find((kind) => kind.plural === plural);
  if (!found) throw new TypeError(`"${plural}" is no kind of content`);
  return found.kind as ContentKind;
}
