/** What the catalog's .proto has besides its kinds: one service for what authors do with sequences. */
export const AUTHORING_PROTO = `
message ListRevisionsRequest {
  string name = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message GetRevisionRequest {
  string name = 1;
  int32 revision = 2;
}

// One save of a sequence, which never changes.
message Revision {
  string sequence = 1;
  int32 revision = 2;
  string digest = 3;
  string author = 4;
  string created_at = 5;
  optional string comment = 6;
  // Absent in listings.
  google.protobuf.Struct spec = 7;
}

message RevisionList {
  muster.v1.ListMetadata metadata = 1;
  // Newest first.
  repeated Revision items = 2;
}

message CompareRevisionsRequest {
  string name = 1;
  int32 revision = 2;
  // Default: the newest.
  optional int32 with = 3;
}

message RevisionDifference {
  string sequence = 1;
  int32 from = 2;
  int32 to = 3;
  // JSON Schema: SequenceDifference.
  google.protobuf.Struct difference = 4;
  repeated string lines = 5;
}

message RestoreRevisionRequest {
  string name = 1;
  int32 revision = 2;
  optional bool dry_run = 3;
  // The resourceVersion that must still be current.
  optional string if_match = 4;
  optional string comment = 5;
}

message PatchTaskSequenceRequest {
  string name = 1;
  // JSON Schema: SequencePatch.
  google.protobuf.Struct patch = 2;
  optional bool dry_run = 3;
  // The resourceVersion that must still be current.
  optional string if_match = 4;
  optional string comment = 5;
}

message SequenceReference {
  // The node that refers, as reports call it, and its JSON pointer.
  string path = 1;
  string pointer = 2;
  string kind = 3;
  string name = 4;
  optional string program = 5;
  bool disabled = 6;
  // Of listed references: is it there?
  optional bool exists = 7;
  // Of listed uses: the sequence that refers.
  optional string sequence = 8;
}

message SequenceReferenceList {
  muster.v1.ListMetadata metadata = 1;
  repeated SequenceReference items = 2;
}

message ListReferencesRequest {
  string name = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message ListUsesRequest {
  string kind = 1;
  string name = 2;
  // 1 to 500, default 100.
  optional int32 page_size = 3;
  optional string continue = 4;
}

message SearchRequest {
  string text = 1;
  // 1 to 100, default 20.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message SearchResult {
  muster.v1.ListMetadata metadata = 1;
  repeated FoundSequence items = 2;
}

message FoundSequence {
  string sequence = 1;
  optional string display_name = 2;
  // Where in the sequence itself.
  repeated string where = 3;
  // Those with most of the words first, at most 10.
  repeated FoundNode nodes = 4;
  int32 matches = 5;
  // What it names and is not there any more.
  repeated DanglingReference dangling_references = 6;
}

message DanglingReference {
  string kind = 1;
  string name = 2;
  int32 nodes = 3;
}

message FoundNode {
  string path = 1;
  string pointer = 2;
  repeated string where = 3;
}

message ListTemplatesRequest {}

message SequenceTemplateList {
  repeated SequenceTemplate items = 1;
}

message SequenceTemplate {
  string name = 1;
  string title = 2;
  string help = 3;
  // Those that must be given first.
  repeated SequenceTemplateParameter parameters = 4;
}

message SequenceTemplateParameter {
  string name = 1;
  bool required = 2;
  string description = 3;
}

message CreateFromTemplateRequest {
  string template = 1;
  // name, display_name, folder and labels.
  muster.v1.Metadata metadata = 2;
  google.protobuf.Struct parameters = 3;
  optional bool dry_run = 4;
  optional string comment = 5;
}

message ListFoldersRequest {
  // Only folders in this one, at any depth.
  optional string under = 1;
  // 1 to 500, default 100.
  optional int32 page_size = 2;
  optional string continue = 3;
}

message Folder {
  string path = 1;
  // Sequences directly in it.
  int32 sequences = 2;
  string created_at = 3;
  string created_by = 4;
}

message FolderList {
  muster.v1.ListMetadata metadata = 1;
  repeated Folder items = 2;
}

message FolderRequest {
  string path = 1;
  optional bool dry_run = 2;
}

message MoveFolderRequest {
  string from = 1;
  // Its new path, not the folder to put it into.
  string to = 2;
  optional bool dry_run = 3;
}

message FolderMoved {
  string from = 1;
  string to = 2;
  int32 folders = 3;
  int32 sequences = 4;
}

message FolderDeleted {}

message EditLockRequest {
  string name = 1;
}

message TakeEditLockRequest {
  string name = 1;
  // Where the editor runs.
  string machine = 2;
  // Also when you hold it on another machine.
  optional bool take_over = 3;
}

message EditLock {
  string sequence = 1;
  string holder = 2;
  string machine = 3;
  string taken_at = 4;
  string expires_at = 5;
}

message ExportTaskSequencesRequest {
  repeated string names = 1;
  // Default true: also child sequences, and theirs.
  optional bool with_dependencies = 2;
}

message ExportedSequence {
  // Without what belongs to this site: its secrets, its uid, its versions, its status.
  TaskSequence document = 1;
  // Where secrets were taken out, as JSON pointers; %StrippedSecret% stands there.
  repeated string secrets = 2;
  // Of its newest revision.
  optional string comment = 3;
}

message ExportTaskSequencesResponse {
  // Code of the site that they come from.
  string site = 1;
  repeated ExportedSequence sequences = 2;
  // Packages that they refer to.
  repeated string packages = 3;
  // Child sequences that they name and that do not exist.
  repeated string missing = 4;
}

message ImportTaskSequencesRequest {
  repeated SequenceToImport sequences = 1;
  // Save sequences whose secrets are not given suspended, instead of refusing.
  optional bool without_secrets = 2;
  // Only with dry_run: packages that will be there by then.
  repeated string packages = 3;
  optional bool dry_run = 4;
  // The same of images, upgrade packages, drivers and applications.
  repeated ImportedContent contents = 5;
}

message ImportedContent {
  string kind = 1;
  string name = 2;
}

message SequenceToImport {
  // With %StrippedSecret% where a secret is missing.
  TaskSequence document = 1;
  // When the name exists with other content: ignore (the default) or overwrite.
  optional string on_duplicate = 2;
  // By their places.
  map<string, string> secrets = 3;
  optional string comment = 4;
}

message ImportTaskSequencesResponse {
  // In the order of the request.
  repeated ImportedSequence sequences = 1;
}

message ImportedSequence {
  string name = 1;
  // created, overwritten, ignored or unchanged.
  string outcome = 2;
  repeated ImportedSecret secrets = 3;
  // Saved with enabled: false, for secrets are missing.
  bool suspended = 4;
  optional int32 revision = 5;
  // Why it would be refused: only with dry_run.
  repeated Finding findings = 6;
}

message ImportedSecret {
  string path = 1;
  // given, kept or missing.
  string state = 2;
}

message Finding {
  string path = 1;
  string code = 2;
  string message = 3;
  // error or warning.
  optional string severity = 4;
  optional string fix = 5;
}

// Writes are refused while somebody else holds the edit lock, unless their metadata say muster-ignore-lock: true.
service TaskSequenceAuthoringService {
  // Who is editing a sequence.
  rpc GetLock(EditLockRequest) returns (EditLock);
  // Takes or renews the edit lock for 30 minutes.
  rpc TakeLock(TakeEditLockRequest) returns (EditLock);
  rpc ReleaseLock(EditLockRequest) returns (EditLock);
  rpc ListFolders(ListFoldersRequest) returns (FolderList);
  // Makes a folder and those around it.
  rpc CreateFolder(FolderRequest) returns (Folder);
  // Moves or renames a folder with everything in it.
  rpc MoveFolder(MoveFolderRequest) returns (FolderMoved);
  // Refused while something is in it.
  rpc DeleteFolder(FolderRequest) returns (FolderDeleted);
  rpc ListTemplates(ListTemplatesRequest) returns (SequenceTemplateList);
  // Creates a sequence; refused when the name exists.
  rpc CreateFromTemplate(CreateFromTemplateRequest) returns (TaskSequence);
  rpc ListRevisions(ListRevisionsRequest) returns (RevisionList);
  rpc GetRevision(GetRevisionRequest) returns (Revision);
  // What changed from one revision to another, by node.
  rpc CompareRevisions(CompareRevisionsRequest) returns (RevisionDifference);
  // Saves an old specification as a new revision.
  rpc RestoreRevision(RestoreRevisionRequest) returns (TaskSequence);
  // Changes a sequence by node.
  rpc Patch(PatchTaskSequenceRequest) returns (TaskSequence);
  // What a sequence refers to.
  rpc ListReferences(ListReferencesRequest) returns (SequenceReferenceList);
  // Nodes that refer to something.
  rpc ListUses(ListUsesRequest) returns (SequenceReferenceList);
  rpc Search(SearchRequest) returns (SearchResult);
  // Sequences with what they need, for another site: never a secret, but where each was.
  rpc Export(ExportTaskSequencesRequest) returns (ExportTaskSequencesResponse);
  // Saves sequences of an export: all in one transaction or none. Repeating it changes nothing.
  rpc Import(ImportTaskSequencesRequest) returns (ImportTaskSequencesResponse);
}
`;
