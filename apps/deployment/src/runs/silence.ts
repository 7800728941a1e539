import { SILENT_HOURS } from '@muster/contracts/kinds/deployment-progress.js';

/** The state of a row of `run` in the eyes of people, in SQL: what has not ended and says nothing more is silent, whatever it last said. */
export const SEEN_STATE = `case when end_result is null and updated_at < now() - interval '${SILENT_HOURS} hours' then 'silent' else state end`;
