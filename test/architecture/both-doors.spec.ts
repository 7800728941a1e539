import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindsOf } from '@muster/contracts/kinds/all.js';
import { protoFiles } from '@muster/contracts/proto.js';
import type { ServiceName } from '@muster/contracts/resource.js';

/** What REST alone has, and why. */
const RESTS_OWN: Readonly<Record<string, string>> = {
  createTaskSequence: 'Apply with create_only',
  getTaskSequenceSchema: 'a file for editors',
};

const openApi = join(import.meta.dirname, '../../libs/contracts/openapi/catalog.json');

/** The text of all .proto files of a service. */
function declared(service: ServiceName): string {
  return protoFiles(service)
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}

/** `exportTaskSequences` is the method `Export`: its service says what it is about. */
function methodOf(operation: string): string {
  const method = operation.replace(/TaskSequences?|Sequence(?=[A-Z])|Edit(?=Lock)/, '');
  return `${method.charAt(0).toUpperCase()}${method.slice(1)}`;
}

describe('the two doors of the catalog', () => {
  it('can do the same: every operation of REST is a method of gRPC', () => {
    const operations = [...readFileSync(openApi, 'utf8').matchAll(/"operationId": "(\w+)"/g)].map(([, id = '']) => id);
    const methods = new Set([...declared('catalog').matchAll(/rpc (\w+)\(/g)].map(([, name = '']) => name));
    expect(operations.length).toBeGreaterThan(20);
    const without = operations.filter((one) => !(one in RESTS_OWN) && !methods.has(methodOf(one)));
    expect(without).toEqual([]);
  });
});

/** Operations of REST that no kind has, and the methods of gRPC that are the same. */
const OF_CONTENT: Readonly<Record<string, string>> = {
  announcePackageVersion: 'PackageVersionService.Announce',
  cancelDistribution: 'DistributionActionService.Cancel',
  commitPackageVersion: 'PackageVersionService.Commit',
  commitPrestagedContent: 'PrestagedContentService.Commit',
  compareApplicationRevisions: 'ApplicationRevisionService.Compare',
  comparePackageVersions: 'PackageVersionService.Compare',
  deletePackageVersion: 'PackageVersionService.Delete',
  explainPackageSources: 'ContentSourceService.Explain',
  findContentUses: 'ContentUseService.FindUses',
  getApplicationRevision: 'ApplicationRevisionService.Get',
  getPackageManifest: 'PackageVersionService.GetManifest',
  listApplicationRevisions: 'ApplicationRevisionService.List',
  listPackageVersions: 'PackageVersionService.List',
  locatePackageFiles: 'PackageVersionService.LocateFiles',
  planPrestagedContent: 'PrestagedContentService.Plan',
  readDistributionCopies: 'DistributionActionService.ReadCopies',
  redistributeDistribution: 'DistributionActionService.Redistribute',
  restoreApplicationRevision: 'ApplicationRevisionService.Restore',
  validateDistribution: 'DistributionActionService.Validate',
};

describe('the two doors of content', () => {
  const generated = new Set(
    kindsOf('content').flatMap(({ kind }) => ['list', 'get', 'create', 'apply', 'delete'].map((verb) => verb + kind)),
  );

  it('can do the same: every operation of REST is a method of gRPC', () => {
    const documents = readFileSync(openApi.replace('catalog.json', 'content.json'), 'utf8');
    const operations = [...documents.matchAll(/"operationId": "(\w+)"/g)].map(([, id = '']) => id);
    expect(operations.filter((one) => !generated.has(one)).toSorted()).toEqual(Object.keys(OF_CONTENT).toSorted());
    const services = declared('content')
      .split(/^service (?=\w)/m)
      .slice(1);
    const methods = services.flatMap((text) =>
      [...text.matchAll(/rpc (\w+)\(/g)].map(([, name]) => `${/^\w+/.exec(text)?.[0]}.${name}`),
    );
    expect(Object.values(OF_CONTENT).filter((method) => !methods.includes(method))).toEqual([]);
  });
});
