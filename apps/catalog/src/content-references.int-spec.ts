import type { Problem } from '@muster/contracts/problem.js';
import { until } from '@muster/testing/until.js';
import { CatalogUnderTest } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog.stop());

const step = (type: string, settings: object, more: object = {}) => ({ step: type, type, settings, ...more });

/** A step for each kind of content that a sequence can refer to, with names that begin alike. */
const steps = (name: string, more: object = {}) => [
  step('InstallApplication', { applications: [`${name}-app`] }, more),
  step('ApplyOperatingSystemImage', { image: `${name}-image` }, more),
  step('UpgradeOperatingSystem', { upgradePackage: `${name}-upgrade`, driverPackage: `${name}-drivers` }, more),
  step('DownloadPackageContent', { packages: [{ kind: 'BootImage', name: `${name}-boot` }, `${name}-package`] }, more),
];

describe('references to content of every kind', () => {
  it('must exist: each that does not is told with its node', async () => {
    const { status, body } = await catalog.apply('hopeful', steps('nothing'));
    const problem = body as unknown as Problem;
    expect([status, problem.code]).toEqual([400, 'sequence.unresolved-reference']);
    expect(problem.findings?.map(({ path, message, fix }) => `${path}: ${message} (${fix})`)).toEqual([
      '/spec/steps/0: there is no Application "nothing-app" (Apply the application first, correct the name, or disable the step)',
      '/spec/steps/1: there is no OsImage "nothing-image" (Apply the OS image first, correct the name, or disable the step)',
      '/spec/steps/2: there is no UpgradePackage "nothing-upgrade" (Apply the upgrade package first, correct the name, or disable the step)',
      '/spec/steps/2: there is no DriverPackage "nothing-drivers" (Apply the driver package first, correct the name, or disable the step)',
      '/spec/steps/3: there is no BootImage "nothing-boot" (Apply the boot image first, correct the name, or disable the step)',
      '/spec/steps/3: there is no Package "nothing-package" (Apply the package first, correct the name, or disable the step)',
    ]);
    expect((await catalog.apply('hopeful', steps('nothing', { disabled: true }))).status).toBe(201);
    await catalog.save('content', steps('some'));
  });

  it('are found by kind and name, and known to be there', async () => {
    const uses = await catalog.call<{ items: { sequence: string; path: string }[] }>(
      'GET',
      '/api/v1/task-sequences/-/uses?kind=DriverPackage&name=some-drivers',
    );
    expect(uses.body.items).toMatchObject([{ sequence: 'content', path: 'UpgradeOperatingSystem' }]);
    const { body } = await catalog.call<{ items: { kind: string; exists: boolean }[] }>(
      'GET',
      '/api/v1/task-sequences/content/references',
    );
    expect(body.items.map(({ kind, exists }) => `${kind} ${exists}`)).toEqual([
      'Application true',
      'OsImage true',
      'UpgradePackage true',
      'DriverPackage true',
      'BootImage true',
      'Package true',
    ]);
  });

  it('dangle by the fact that something of that kind is gone, whatever else is called the same', async () => {
    const dangling = async () => {
      const path = '/api/v1/task-sequences/content';
      const { body } = await catalog.call<{ status: { danglingReferences?: object[] } }>('GET', path);
      return body.status.danglingReferences;
    };
    catalog.tellOfContent('OsImage', 'deleted', 'some-drivers');
    catalog.tellOfContent('DriverPackage', 'deleted', 'some-drivers');
    await until(async () => (await dangling()) !== undefined);
    expect(await dangling()).toEqual([{ kind: 'DriverPackage', name: 'some-drivers', nodes: 1 }]);
    catalog.tellOfContent('DriverPackage', 'saved', 'some-drivers');
    await until(async () => (await dangling()) === undefined);
  });
});
