/** What devices of each deployment told last, as `ToldFates`, in SQL: out of what is kept as it changes, whatever their number. */
export const TOLD_FATES = `select deployment_uid, jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'state', state, 'reason', nullif(reason, ''), 'devices', devices)) order by state, reason) as fates
  from fate_tally where devices > 0 and state not in ('accepted', 'started') group by deployment_uid`;
