/** As SQL, when a copy is due that somebody found bad, or that may be gone: before all others. */
export const URGENT = `timestamptz 'epoch'`;

/** As SQL, when a copy is due that people want read: behind the urgent ones, before those whose time has come. */
export const ASKED_FOR = `timestamptz '1970-01-02 00:00:00Z'`;
