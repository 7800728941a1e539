/** Loaded first into a real process (`node --import`): its clock is MUSTER_TEST_CLOCK_AHEAD milliseconds ahead of the machine's. */
const ahead = Number(process.env['MUSTER_TEST_CLOCK_AHEAD']);
if (!Number.isFinite(ahead)) throw new Error('MUSTER_TEST_CLOCK_AHEAD says by how many milliseconds');
const TrueDate = Date;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, given: unknown[], made) =>
    Reflect.construct(target, given.length === 0 ? [TrueDate.now() + ahead] : given, made) as Date,
  apply: () => new TrueDate(TrueDate.now() + ahead).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => TrueDate.now() + ahead : (Reflect.get(target, name, receiver) as unknown),
});
