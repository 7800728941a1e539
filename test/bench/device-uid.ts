/** The uid of the device with a number: benches know devices by their numbers. */
export function deviceUid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** Its name, which is its host name too. */
export function deviceName(number: number): string {
  return `device-${String(number).padStart(6, '0')}-${String(number % 100).padStart(2, '0')}`;
}

/** The uid in SQL, of a column or expression. */
export function deviceUidSql(number: string): string {
  return `('00000000-0000-4000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
}
