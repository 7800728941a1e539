-- Up Migration
-- A large file names the blobs that it is made of, and the list of its chunks; every other file is one blob.
create or replace function list_manifest_blobs() returns trigger language plpgsql as $$
begin
  insert into manifest_blob (manifest, digest, size)
  select distinct new.digest, blob.digest, blob.size
  from jsonb_array_elements(new.document::jsonb -> 'files') as file
  cross join lateral (
    select file ->> 'digest' as digest, (file ->> 'size')::bigint as size where not file ? 'stored'
    union all
    select held ->> 'digest', (held ->> 'size')::bigint from jsonb_array_elements(file #> '{stored,blobs}') as held
    union all
    select file #>> '{stored,chunks,digest}', (file #>> '{stored,chunks,size}')::bigint where file #> '{stored,chunks}' is not null
  ) as blob
  on conflict do nothing;
  return new;
end $$;

-- Bytes that went to the point for a job, in all attempts: what was there already, or is in what was there, did not.
alter table distribution_job add column bytes_moved bigint not null default 0;
