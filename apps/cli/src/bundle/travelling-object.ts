import { isDeepStrictEqual } from 'node:util';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';

/** What travels with sequences, as a site has it: content of any kind, whose status says its versions, or an application. */
export type TravellingResource = Resource<unknown, Partial<PackageStatus>>;

/** What of an object goes to another site: neither its uid nor its versions. */
export function travellingObject({
  kind,
  metadata,
  spec,
}: Pick<ResourceInput, 'kind' | 'metadata' | 'spec'>): ResourceInput {
  const { name, displayName, folder, labels } = metadata;
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      ...(displayName === undefined ? {} : { displayName }),
      ...(folder === undefined ? {} : { folder }),
      ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec,
  };
}

/** The newest version of some content whose every byte is in the library. */
export function newestVersion({ status }: TravellingResource): PackageStatus['versions'][number] | undefined {
  return status.versions?.find(({ version }) => version === status.newestVersion);
}

/** Do two objects say the same of themselves, whatever their content? */
export function isSameObject(one: Pick<ResourceInput, 'kind' | 'metadata' | 'spec'>, other: typeof one): boolean {
  return isDeepStrictEqual(travellingObject(one), travellingObject(other));
}
