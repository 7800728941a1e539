/** As the clocks of this computer show it: the time of today, with its date on any other day. */
export function clockTime(instant: number, now: number): string {
  const at = new Date(instant);
  const time = [at.getHours(), at.getMinutes()].map(twoDigits).join(':');
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${[at.getFullYear(), ...[at.getMonth() + 1, at.getDate()].map(twoDigits)].join('-')} ${time}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}
