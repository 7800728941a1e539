/** What the deployment service's .proto has besides its kinds. */
export const ROLLOUT_PROTO = `
message GetRolloutRequest {
  string deployment = 1;
}

message ActOnRolloutRequest {
  string deployment = 1;
  // approve, pause, resume or restart.
  string action = 2;
  // Of approve: the group that it is meant for.
  optional string group = 3;
  // Of approve: at once, whatever became of the group before.
  optional bool force = 4;
  optional string reason = 5;
}

message Rollout {
  // JSON Schema: DeploymentRollout.
  google.protobuf.Struct rollout = 1;
}

// How far the rollouts of deployments are.
service RolloutService {
  rpc Get(GetRolloutRequest) returns (Rollout);
  rpc Act(ActOnRolloutRequest) returns (Rollout);
}
`;
