import type { Assignment, PolicyWindow } from '@muster/contracts/agent/policy.js';
import type { SettingValues } from '@muster/contracts/kinds/client-settings.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { windowsForSequences } from '@muster/schedule/maintenance-window.js';
import { type WindowSpan, windowSpans } from '@muster/schedule/window-spans.js';

const MINUTE = 60_000;
/** So many times of the windows are looked at. */
const LOOKED_AT = 20;

type Warnings = NonNullable<DeviceExplanation['warnings']>;

/** What a device is told that decides whether the time of people fits into its windows. */
export interface Countdowns {
  /** As the deployments say it themselves. */
  readonly deployments: readonly Assignment[];
  readonly values: SettingValues;
  readonly windows: readonly PolicyWindow[];
  /** Of the device, an IANA name. */
  readonly timeZone: string;
  readonly now: number;
}

/** Warns of each time for people that is not shorter than the shortest window of a device (collections-variables.md MW-16). Pure. */
export function outgrownWindows(countdowns: Countdowns): Warnings {
  const shortest = shortestSpan(countdowns);
  if (!shortest) return [];
  const lasts = Math.round((shortest.end - shortest.start) / MINUTE);
  const names = shortest.windows.map(({ collection, name }) => `${collection}/${name}`).join(' with ');
  return saidTimes(countdowns)
    .filter(({ minutes }) => minutes >= lasts)
    .map(({ minutes, who }) => ({
      code: 'policy.countdown-longer-than-window',
      message: `${who} is ${minutes} min, and the shortest maintenance window of the device, ${names}, lasts ${lasts} min: what gives people so long does not fit into it`,
    }));
}

function shortestSpan({ windows, timeZone, now }: Countdowns): WindowSpan<PolicyWindow> | undefined {
  const ruling = windowsForSequences(windows);
  if (!ruling) return undefined;
  let shortest: WindowSpan<PolicyWindow> | undefined;
  let seen = 0;
  for (const span of windowSpans(ruling, now, timeZone)) {
    if (!shortest || span.end - span.start < shortest.end - shortest.start) shortest = span;
    seen += 1;
    if (seen === LOOKED_AT) break;
  }
  return shortest;
}

function saidTimes({ deployments, values }: Countdowns): { readonly minutes: number; readonly who: string }[] {
  const ofSettings = (['warnMinutes', 'restartWarnMinutes'] as const).flatMap((name) => {
    const minutes = values[name];
    return minutes === undefined ? [] : [{ minutes, who: `${name} of its client settings` }];
  });
  const ofDeployments = deployments.flatMap(({ deployment, warnMinutes, outsideWindows, restartOutsideWindows }) =>
    warnMinutes === undefined || (outsideWindows === true && restartOutsideWindows === true)
      ? []
      : [{ minutes: warnMinutes, who: `warnMinutes of deployment "${deployment.name}"` }],
  );
  return [...ofSettings, ...ofDeployments];
}
