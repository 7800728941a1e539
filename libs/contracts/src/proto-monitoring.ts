/** What the deployment service's .proto has besides its kinds: what happens, and what people make of alerts. */
export const MONITORING_PROTO = `
message ListEventsRequest {
  // run.failed, run.* or *; none: all.
  repeated string types = 1;
  optional string device = 2;
  optional string deployment = 3;
  // Only what happened at this time (RFC 3339) or later.
  optional string since = 4;
  // 1 to 500, default 100.
  optional int32 page_size = 5;
  optional string continue = 6;
}

message WatchEventsRequest {
  repeated string types = 1;
  optional string device = 2;
  optional string deployment = 3;
  // The sequence of the last event that was seen; absent: from since on, else from now on.
  optional string after = 4;
  optional string since = 5;
}

// A CloudEvent 1.0.
message Event {
  string specversion = 1;
  string id = 2;
  string source = 3;
  string type = 4;
  string subject = 5;
  string time = 6;
  string datacontenttype = 7;
  string sequence = 8;
  // JSON Schema: EventData.
  google.protobuf.Struct data = 9;
}

message EventList {
  muster.v1.ListMetadata metadata = 1;
  // Oldest first.
  repeated Event items = 2;
}

service EventService {
  rpc List(ListEventsRequest) returns (EventList);
  rpc Watch(WatchEventsRequest) returns (stream Event);
}

message AlertChangeRequest {
  string name = 1;
  optional string comment = 2;
}

message PostponeAlertRequest {
  string name = 1;
  // RFC 3339; in the future.
  string until = 2;
  optional string comment = 3;
}

service AlertActionService {
  rpc Acknowledge(AlertChangeRequest) returns (Alert);
  rpc Postpone(PostponeAlertRequest) returns (Alert);
  rpc Close(AlertChangeRequest) returns (Alert);
  rpc Comment(AlertChangeRequest) returns (Alert);
}
`;
