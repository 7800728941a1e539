import type { Kind, ServiceName } from '../resource.js';
import { alert } from './alert.js';
import { alertSubscription } from './alert-subscription.js';
import { application } from './application.js';
import { bootImage } from './boot-image.js';
import { boundaryGroup } from './boundary-group.js';
import { clientSettings } from './client-settings.js';
import { collection } from './collection.js';
import { deployment } from './deployment.js';
import { device } from './device.js';
import { distribution } from './distribution.js';
import { distributionPoint } from './distribution-point.js';
import { distributionPointGroup } from './distribution-point-group.js';
import { driverPackage } from './driver-package.js';
import { osImage } from './os-image.js';
import { packageKind } from './package.js';
import { run } from './run.js';
import { taskSequence } from './task-sequence.js';
import { upgradePackage } from './upgrade-package.js';
import { webhook } from './webhook.js';

/** Every kind there is. OpenAPI, .proto files, JSON Schemas, the edge's routes and the CLI are made from this list. */
export const KINDS = [
  taskSequence,
  packageKind,
  osImage,
  upgradePackage,
  bootImage,
  driverPackage,
  application,
  distributionPoint,
  distributionPointGroup,
  boundaryGroup,
  distribution,
  device,
  collection,
  clientSettings,
  deployment,
  run,
  alert,
  webhook,
  alertSubscription,
] as readonly Kind[];

export function kindsOf(service: ServiceName): Kind[] {
  return KINDS.filter((kind) => kind.service === service);
}

/** Finds a kind by what people type: `TaskSequence`, `task-sequences`, `task-sequence`, `ts`. */
export function findKind(word: string): Kind | undefined {
  const wanted = word.toLowerCase();
  return KINDS.find((kind) =>
    [kind.kind.toLowerCase(), kind.plural, kind.singular, ...kind.shortNames].includes(wanted),
  );
}
