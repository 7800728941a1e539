/** Median with lowest and highest of some measurements. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), low: quantile(values, 0), high: quantile(values, 1) };
}

/** The value below which this part of all values is; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN);
}

/** Ratio of each pair of measurements that were made in the same round. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Spread {
  return spread(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}

export function shown({ median, low, high }: Spread): string {
  return `${inWords(median)} (${inWords(low)} … ${inWords(high)})`;
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** One line of a table. */
export function line(what: string, figure: string, goal = ''): void {
  console.log(`${what.padEnd(52)} ${figure.padEnd(38)} ${goal}`.trimEnd());
}

/** The last line of a bench: all figures as JSON; a goal that was missed makes the exit code 1. */
export function report(bench: string, figures: object, goals: Readonly<Record<string, boolean>>): void {
  console.log(JSON.stringify({ bench, ...figures, goals }));
  if (Object.values(goals).includes(false)) process.exitCode = 1;
}

function inWords(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}
