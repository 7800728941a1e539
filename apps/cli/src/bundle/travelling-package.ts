import { isDeepStrictEqual } from 'node:util';
import { packageKind, type PackageSpec, type PackageStatus } from '@muster/contracts/kinds/package.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';

export type PackageResource = Resource<PackageSpec, PackageStatus>;

/** What of a package goes to another site: neither its uid nor its versions. */
export function travellingPackage({ metadata, spec }: Pick<ResourceInput, 'metadata' | 'spec'>): ResourceInput {
  const { name, displayName, folder, labels } = metadata;
  return {
    apiVersion: API_VERSION,
    kind: packageKind.kind,
    metadata: {
      name,
      ...(displayName === undefined ? {} : { displayName }),
      ...(folder === undefined ? {} : { folder }),
      ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec,
  };
}

/** The newest version of a package whose every byte is in the library. */
export function newestVersion({ status }: PackageResource): PackageStatus['versions'][number] | undefined {
  return status.versions.find(({ version }) => version === status.newestVersion);
}

/** Do two packages say the same of themselves, whatever their content? */
export function isSamePackage(one: Pick<ResourceInput, 'metadata' | 'spec'>, other: typeof one): boolean {
  return isDeepStrictEqual(travellingPackage(one), travellingPackage(other));
}
