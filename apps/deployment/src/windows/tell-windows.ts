import type { DeviceWindows } from '@muster/contracts/kinds/device-windows.js';
import { type SettingsOfDevice, valuesInForce } from '@muster/contracts/kinds/resultant-settings.js';
import { windowsForSequences } from '@muster/schedule/maintenance-window.js';
import { HORIZON_DAYS, nextStarts, type WindowSpan, windowSpans } from '@muster/schedule/window-spans.js';
import { isTimeZone } from '@muster/schedule/zoned-time.js';
import type { CollectionWindow } from './device-windows.repository.js';

const MINUTE = 60_000;
/** Spans that are too short, looked at and told. */
const TOO_SHORT_TOLD = 3;
const TOO_SHORT_LOOKED_AT = 20;

/** What is asked of the windows of a device. */
export interface WindowsQuestion {
  readonly device: string;
  /** As the device told it; null: it has not. */
  readonly timeZone: string | null;
  readonly windows: readonly CollectionWindow[];
  readonly settings: readonly SettingsOfDevice[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly minutes: number;
  readonly count: number;
}

/** When a run may begin on a device, and which windows say so: the same arithmetic with which its agent decides. */
export function tellWindows(question: WindowsQuestion): DeviceWindows {
  const { device, timeZone, windows, now, minutes, count } = question;
  const known = timeZone !== null && isTimeZone(timeZone);
  const zone = known ? timeZone : 'UTC';
  const { allDeploymentsWindows = false } = valuesInForce(question.settings);
  const ruling = windowsForSequences(windows, allDeploymentsWindows);
  const starts = ruling ? nextStarts(ruling, now, minutes, { timeZone: zone, most: count }) : [];
  return {
    device,
    at: isoOf(now),
    timeZone: zone,
    timeZoneKnown: known,
    minutes,
    restricted: ruling !== undefined,
    windows: windows.map((window) => ({ ...window, ...role(window, windows, ruling) })),
    starts: starts.map(({ from, until, span }) => ({ from: isoOf(from), until: isoOf(until), span: spanOf(span) })),
    tooShort: ruling ? tooShort(ruling, now, minutes, zone).map(spanOf) : [],
  };
}

function role(
  window: CollectionWindow,
  all: readonly CollectionWindow[],
  ruling: readonly CollectionWindow[] | undefined,
): { counts: boolean; reason: string } {
  const purpose = window.for ?? 'AllDeployments';
  if (ruling?.includes(window)) {
    const why = purpose === 'TaskSequences' ? 'it is for task sequences' : 'it is for all deployments';
    return { counts: true, reason: why };
  }
  if (window.enabled === false) return { counts: false, reason: 'it is disabled' };
  if (purpose === 'SoftwareUpdates') return { counts: false, reason: 'it is for software updates' };
  const own = all.find((one) => one.for === 'TaskSequences' && one.enabled !== false);
  return {
    counts: false,
    reason: `the device has a window for task sequences${own ? `, "${own.name}" of ${own.collection}` : ''}: only such windows count`,
  };
}

function tooShort(
  windows: readonly CollectionWindow[],
  now: number,
  minutes: number,
  timeZone: string,
): WindowSpan<CollectionWindow>[] {
  const found: WindowSpan<CollectionWindow>[] = [];
  let seen = 0;
  for (const span of windowSpans(windows, now, timeZone)) {
    seen += 1;
    if (seen > TOO_SHORT_LOOKED_AT || span.start > now + HORIZON_DAYS * 24 * 60 * MINUTE) break;
    if (span.end - Math.max(now, span.start) < minutes * MINUTE) found.push(span);
    if (found.length === TOO_SHORT_TOLD) break;
  }
  return found;
}

function spanOf({ start, end, windows }: WindowSpan<CollectionWindow>): DeviceWindows['starts'][number]['span'] {
  return {
    start: isoOf(start),
    end: isoOf(end),
    minutes: Math.round((end - start) / MINUTE),
    windows: windows.map(({ collection, name }) => ({ collection, name })),
  };
}

function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}
