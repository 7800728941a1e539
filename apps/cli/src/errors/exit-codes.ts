/** What the exit code of every command but `run` says. Scripts rely on it: a number never changes its meaning. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalidDocument: 3,
  notFound: 4,
  conflict: 5,
  unauthorised: 6,
  unavailable: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The table for `--help` and docs. */
export const EXIT_CODES_HELP = `Exit codes:
  0    ok
  1    the operation failed or was refused ("diff": there are differences; "watch": a device failed)
  2    wrong usage or configuration
  3    a document is not valid
  4    not found
  5    conflict: the name is taken, or the object changed meanwhile
  6    unauthorised: the token is missing, unknown, expired, revoked, or may not do this
  7    the server cannot be reached or is unavailable
  130  interrupted
When several documents fail in different ways, or only some of them, the code is 1. "run" has codes of its own:
muster run --help.`;

/** Which code an HTTP status means. `document`: the request carried a document that a user wrote. */
export function exitCodeOfStatus(status: number, document: boolean): ExitCode {
  if (status === 400 || status === 413 || status === 422)
    return document ? EXIT_CODES.invalidDocument : EXIT_CODES.failed;
  if (status === 401 || status === 403) return EXIT_CODES.unauthorised;
  if (status === 404) return EXIT_CODES.notFound;
  if (status === 409 || status === 412) return EXIT_CODES.conflict;
  if (status === 429 || status === 502 || status === 503 || status === 504) return EXIT_CODES.unavailable;
  return EXIT_CODES.failed;
}

/** One code for many results: the common one when all failed alike, else 1; 0 when none failed. */
export function combineExitCodes(codes: readonly ExitCode[]): ExitCode {
  const [first = EXIT_CODES.ok] = codes;
  return codes.every((code) => code === first) ? first : EXIT_CODES.failed;
}
