/** The uid of the device with a number: benches know devices by their numbers. */
export function deviceUid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The same in SQL, of a column or expression. */
export function deviceUidSql(number: string): string {
  return `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
}
