import {
  NEIGHBOUR_MINUTES,
  type BoundaryGroupSpec,
  type BoundaryGroupStatus,
} from '@muster/contracts/kinds/boundary-group.js';
import type { ApplicationSpec, ApplicationStatus } from '@muster/contracts/kinds/application.js';
import type { BootImageSpec } from '@muster/contracts/kinds/boot-image.js';
import type { ClientSettingsSpec, ClientSettingsStatus } from '@muster/contracts/kinds/client-settings.js';
import type { CollectionSpec, CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { DeploymentSpec, DeploymentStatus, SiteResults } from '@muster/contracts/kinds/deployment.js';
import type { DevicePresence } from '@muster/contracts/kinds/device-presence.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DistributionPointSpec, DistributionPointStatus } from '@muster/contracts/kinds/distribution-point.js';
import type {
  DistributionPointGroupSpec,
  DistributionPointGroupStatus,
} from '@muster/contracts/kinds/distribution-point-group.js';
import type { DistributionSpec, DistributionStatus } from '@muster/contracts/kinds/distribution.js';
import type { DriverPackageSpec } from '@muster/contracts/kinds/driver-package.js';
import type { OsImageSpec } from '@muster/contracts/kinds/os-image.js';
import type { PackageSpec, PackageStatus } from '@muster/contracts/kinds/package.js';
import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { UpgradePackageSpec } from '@muster/contracts/kinds/upgrade-package.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { AlertSubscriptionSpec, AlertSubscriptionStatus } from '@muster/contracts/kinds/alert-subscription.js';
import type { WebhookSpec, WebhookStatus } from '@muster/contracts/kinds/webhook.js';
import { age, byteSize, duration } from './age.js';

/** One column of a kind's table. `wide` ones are shown with `-o wide` only. */
export interface Column {
  readonly title: string;
  readonly wide?: boolean;
  cell(resource: Resource, now: Date): string;
}

type Cells<Spec, Status> = Record<string, (spec: Spec, status: Status, now: Date) => string | number | undefined>;

function columns<Spec, Status>(usual: Cells<Spec, Status>, wide: Cells<Spec, Status> = {}): Column[] {
  const toColumns = (cells: Cells<Spec, Status>, isWide: boolean): Column[] =>
    Object.entries(cells).map(([title, read]) => ({
      title,
      wide: isWide,
      cell: ({ spec, status }, now) => String(read(spec as Spec, status as Status, now) ?? ''),
    }));
  return [
    { title: 'NAME', cell: ({ metadata }) => metadata.name },
    ...toColumns(usual, false),
    { title: 'AGE', cell: ({ metadata }, now) => age(metadata.createdAt, now) },
    ...toColumns(wide, true),
    { title: 'DISPLAY NAME', wide: true, cell: ({ metadata }) => metadata.displayName ?? '' },
    {
      title: 'LABELS',
      wide: true,
      cell: ({ metadata }) =>
        Object.entries(metadata.labels ?? {})
          .map(([name, value]) => `${name}=${value}`)
          .join(','),
    },
  ];
}

/** The columns of a kind with files in versions: how its newest version is, then what is special about the kind. */
function contentColumns<Spec>(special: Cells<Spec, PackageStatus>): Column[] {
  return columns<Spec, PackageStatus>(
    {
      NEWEST: (spec, status) =>
        (spec as Partial<PackageSpec>).noFiles ? 'no files' : (status.newestVersion ?? 'none'),
      FILES: (_, status) => newest(status)?.files,
      SIZE: (_, status) => (newest(status) ? byteSize(newest(status)?.bytes ?? 0) : ''),
      ...special,
    },
    { MANIFEST: (_, status) => newest(status)?.manifest },
  );
}

function systemOf({ os, osVersion }: { os?: string | undefined; osVersion?: string | undefined }): string {
  return [os, osVersion].filter(Boolean).join(' ');
}

const byKind: Record<string, Column[]> = {
  TaskSequence: columns<unknown, TaskSequenceStatus>(
    {
      REVISION: (_, status) => status.revision,
      STEPS: (_, status) => status.steps,
      GROUPS: (_, status) => status.groups,
      WARNINGS: (_, status) => status.warnings?.length ?? 0,
      DANGLING: (_, status) => status.danglingReferences?.length ?? 0,
    },
    {
      'LOCKED BY': (_, status) => status.editLock && `${status.editLock.holder} on ${status.editLock.machine}`,
      DIGEST: (_, status) => status.digest,
    },
  ),
  Package: contentColumns<PackageSpec>({ PROGRAMS: (spec) => Object.keys(spec.programs ?? {}).join(',') }),
  OsImage: contentColumns<OsImageSpec>({
    OS: systemOf,
    ARCHITECTURE: (spec) => spec.architecture,
    IMAGES: (spec) => spec.images?.map(({ index, name }) => `${index}:${name}`).join(','),
  }),
  UpgradePackage: contentColumns<UpgradePackageSpec>({
    OS: systemOf,
    ARCHITECTURE: (spec) => spec.architecture,
    EDITIONS: (spec) => spec.editions?.map(({ index, name }) => `${index}:${name}`).join(','),
  }),
  BootImage: contentColumns<BootImageSpec>({
    OS: systemOf,
    ARCHITECTURE: (spec) => spec.architecture,
    PXE: (spec) => (spec.pxe ? 'yes' : ''),
  }),
  DriverPackage: contentColumns<DriverPackageSpec>({
    MODELS: (spec) => spec.models?.join(','),
    PLATFORMS: (spec) =>
      spec.platforms?.map(({ os, architecture }) => [os, architecture].filter(Boolean).join(' ')).join(','),
  }),
  Application: columns<ApplicationSpec, ApplicationStatus>({
    VERSION: (spec) => spec.version,
    TYPES: (spec) => spec.deploymentTypes.map(({ name }) => name).join(','),
    PACKAGES: (_, status) => status.packages.join(','),
    DANGLING: (_, status) => status.danglingReferences?.length ?? 0,
  }),
  DistributionPoint: columns<DistributionPointSpec, DistributionPointStatus>({
    ENDPOINT: (spec) => spec.endpoint,
    BUCKET: (spec) => spec.bucket,
    AVAILABLE: (_, status) => status.available,
    PENDING: (_, status) => status.pending,
    FAILED: (_, status) => status.failed,
  }),
  DistributionPointGroup: columns<DistributionPointGroupSpec, DistributionPointGroupStatus>({
    POINTS: (spec) => spec.points.join(','),
    DISTRIBUTIONS: (_, status) => status.distributions,
    COLLECTIONS: (spec) => spec.collections?.join(','),
  }),
  BoundaryGroup: columns<BoundaryGroupSpec, BoundaryGroupStatus>({
    BOUNDARIES: (spec) => [...(spec.addresses ?? []), ...(spec.sites ?? []).map((site) => `site ${site}`)].join(','),
    POINTS: (spec) => spec.points.join(','),
    NEIGHBOURS: (spec) =>
      (spec.neighbours ?? []).map(({ group, minutes }) => `${group}:${minutes ?? NEIGHBOUR_MINUTES}`).join(','),
    DEFAULT: (spec) => (spec.isDefault ? 'yes' : ''),
  }),
  Distribution: columns<DistributionSpec, DistributionStatus>(
    {
      PACKAGE: (spec) => (spec.kind === undefined ? spec.package : `${spec.kind} ${spec.package}`),
      TO: (spec) => [...(spec.points ?? []), ...(spec.groups ?? []).map((group) => `group ${group}`)].join(','),
      AVAILABLE: (_, { points }) => {
        const holding = points.filter(({ state }) => state === 'available').map(({ point }) => point);
        return `${new Set(holding).size}/${new Set(points.map(({ point }) => point)).size}`;
      },
      PROGRESS: (_, status) => {
        const bytes = status.points.reduce((sum, point) => sum + point.bytes, 0);
        const done = status.points.reduce((sum, point) => sum + point.bytesDone, 0);
        return bytes === 0 ? '' : `${Math.floor((done / bytes) * 100)}%`;
      },
    },
    {
      'LAST ERROR': (_, status) => status.points.find((point) => point.lastError !== undefined)?.lastError,
      'AT SITES BELOW': (_, { sites = [] }) =>
        sites.map(({ site, available, points }) => `${site} ${available}/${points}`).join(', '),
    },
  ),
  Device: columns<DeviceSpec, DeviceStatus>(
    {
      STATE: (_, status) => deviceState(status),
      PRESENCE: (_, { presence }, now) => presence && presenceText(presence, now),
      'LAST SEEN': (_, { lastSeenAt }, now) => (lastSeenAt === undefined ? '' : age(lastSeenAt, now)),
      OS: (_, { facts }) => [facts?.os?.name ?? facts?.os?.id, facts?.os?.versionId].filter(Boolean).join(' '),
      AGENT: (_, { facts }) => facts?.agent?.version,
    },
    {
      SITE: (_, { site }) => site,
      HOST: (_, { facts }) => facts?.hostname,
      ARCHITECTURE: (_, { facts }) => facts?.os?.architecture,
      PROCESSORS: (_, { facts }) => facts?.cpu?.cores,
      MEMORY: (_, { facts }) => (facts?.memoryMegabytes === undefined ? '' : `${facts.memoryMegabytes} MB`),
    },
  ),
  Collection: columns<CollectionSpec, CollectionStatus>(
    {
      MEMBERS: (_, { members, sites }) => withBelow(members, sites, 'members'),
      RULES: (spec) => spec.rules.length,
    },
    { 'AT SITES BELOW': (_, { sites = [] }) => sites.map(({ site, members }) => `${site} ${members}`).join(', ') },
  ),
  ClientSettings: columns<ClientSettingsSpec, ClientSettingsStatus>({
    PRIORITY: (spec) => spec.priority,
    COLLECTIONS: (spec) => spec.collections?.join(',') ?? 'every device',
    SETTINGS: ({ settings }) =>
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
  }),
  Deployment: columns<DeploymentSpec, DeploymentStatus>(
    {
      SEQUENCE: (spec) => spec.sequence,
      COLLECTION: (spec) => spec.collection,
      PURPOSE: (spec) => spec.purpose,
      DEVICES: (_, { devices, sites }) => withBelow(devices.targeted, sites, 'members'),
      WAITING: (_, { devices }) => devices.waiting,
      'NOT TO RUN': (_, { devices: { rejected = 0, expired = 0, notRerun = 0 } }) => rejected + expired + notRerun,
      RUNNING: (_, { devices }) => devices.running,
      SILENT: (_, { devices }) => devices.silent ?? 0,
      SUCCEEDED: (_, { devices, sites }) => withBelow(devices.succeeded, sites, 'succeeded'),
      FAILED: (_, { devices, sites }) => withBelow(devices.failed, sites, 'failed'),
    },
    {
      'AVAILABLE AT': (spec) => spec.availableAt,
      'EXPIRES AT': (spec) => spec.expiresAt,
      DIGEST: (_, status) => status.sequenceDigest,
      'AT SITES BELOW': (_, { sites = [] }) =>
        sites
          .map(
            (one) => `${one.site} ${one.succeeded} succeeded, ${one.failed} failed of ${one.members}${toldBelow(one)}`,
          )
          .join('; '),
    },
  ),
  Run: columns<RunSpec, RunStatus>(
    {
      DEVICE: (spec) => spec.device,
      DEPLOYMENT: (spec) => spec.deployment,
      SEQUENCE: (spec) => spec.sequence,
      STATE: (_, status) => status.state,
      STEPS: (_, status) =>
        `${status.steps.filter(({ state }) => state !== 'running' && state !== 'silent').length}/${status.totalSteps ?? '?'}`,
      DURATION: (_, { startedAt, finishedAt }, now) =>
        startedAt === undefined
          ? ''
          : duration((finishedAt === undefined ? now.getTime() : Date.parse(finishedAt)) - Date.parse(startedAt)),
    },
    { 'EXIT CODE': (_, status) => status.exitCode, MESSAGE: (_, status) => status.message },
  ),
  Webhook: columns<WebhookSpec, WebhookStatus>(
    {
      URL: (spec) => spec.url,
      EVENTS: (spec) => spec.events.join(','),
      STATE: (_, status) => status.state,
      PENDING: (_, status) => status.pending,
      DEAD: (_, status) => status.dead,
    },
    { 'LAST DELIVERED': (_, status) => status.lastDeliveredAt, 'LAST ERROR': (_, status) => status.lastError },
  ),
  AlertSubscription: columns<AlertSubscriptionSpec, AlertSubscriptionStatus>(
    {
      ADDRESSES: (spec) => spec.addresses,
      STATE: (_, status) => status.state,
      WAITING: (_, status) => status.waiting,
      DEAD: (_, status) => status.dead,
      REFUSED: (_, status) => status.refused.map(({ address }) => address).join(';'),
    },
    { 'LAST SENT': (_, status) => status.lastSentAt, 'LAST ERROR': (_, status) => status.lastError },
  ),
  Alert: columns<AlertSpec, AlertStatus>(
    {
      STATE: (_, status) => status.state,
      SEVERITY: (_, status) => status.severity,
      RAISED: (_, status) => status.raisedAt,
      MESSAGE: (_, status) => status.message,
    },
    {
      SITE: (_, status) => status.site,
      TIMES: (_, status) => status.raised,
      RULE: (spec) => spec.rule,
      'CHANGED BY': (_, status) => status.changedBy,
    },
  ),
};

/** What devices of a site below told, of those whose run has not begun. */
function toldBelow({ fates = [] }: SiteResults): string {
  return fates
    .map(({ state, reason, devices }) => `, ${devices} ${reason === undefined ? state : `${state}: ${reason}`}`)
    .join('');
}

/** `online 3h`, `offline 2d`, `inactive 9d`. */
function presenceText({ online, since, active }: DevicePresence, now: Date): string {
  return `${online ? 'online' : active ? 'offline' : 'inactive'} ${age(since, now)}`;
}

/** As the site lists them by state. */
function deviceState({ enrolled, access, cloned, obsolete }: DeviceStatus): string {
  if (!enrolled) return 'awaited';
  if (access && access.state !== 'approved') return access.state;
  return cloned ? 'cloned' : obsolete ? 'obsolete' : 'approved';
}

const fallback = columns({});

function newest(status: PackageStatus) {
  return status.versions.find(({ version }) => version === status.newestVersion);
}

/** The columns of a kind; a kind without columns of its own has NAME and AGE. */
export function columnsOf(kind: string, wide: boolean): Column[] {
  const all = Object.hasOwn(byKind, kind) ? (byKind[kind] ?? fallback) : fallback;
  return wide ? all : all.filter((column) => column.wide !== true);
}

/** The cells of a resource. A server of another version may leave something out: the cell is then empty. */
export function rowOf(resource: Resource, shown: readonly Column[], now: Date): string[] {
  return shown.map((column) => {
    try {
      return column.cell(resource, now);
    } catch {
      return '';
    }
  });
}

/** What is so at this site, and what all sites below it have told, where that is more than nothing. */
function withBelow<Name extends string>(
  here: number,
  sites: readonly Readonly<Record<Name, number>>[] | undefined,
  name: Name,
): string | number {
  const below = (sites ?? []).reduce((sum, site) => sum + site[name], 0);
  return below === 0 ? here : `${here} (+${below} below)`;
}
