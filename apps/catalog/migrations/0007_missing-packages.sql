-- Up Migration
-- Packages that were deleted and did not come again, as the facts of the content service tell: references to them dangle.
create table missing_package (
  name text primary key
);
