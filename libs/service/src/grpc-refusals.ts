import { type ServerInterceptor, ServerInterceptingCall, status } from '@grpc/grpc-js';
import { MusterError } from '@muster/platform/errors.js';
import protobuf from 'protobufjs';
import { grpcStatus } from './auth/grpc-authentication.js';

/**
 * Messages in messages that are read and written. A level of a document takes two (Value, then Struct or ListValue), and documents have up to
 * 450 levels: protobufjs takes 100, which a sequence of groups in groups that REST takes well goes beyond.
 */
const DEEPEST_MESSAGE = 1000;

/** What the machinery says of a message that it cannot read. */
const UNREADABLE = /^(Error deserializing request|Failed to decompress message|Invalid grpc-timeout value)/;

/** Lets documents through gRPC that are as deep as they may be. Counts for the whole process. */
export function allowDeepDocuments(): void {
  protobuf.util.recursionLimit = DEEPEST_MESSAGE;
  protobuf.Reader.recursionLimit = DEEPEST_MESSAGE;
}

/** Gives what the machinery of gRPC refuses by itself a status that says whose fault it is, and a stable code. The first of the interceptors. */
export function refuseInOurWords(): ServerInterceptor {
  return (_method, call) => {
    const send = call.sendStatus.bind(call);
    // It goes past all interceptors: the call at hand sends it by this method of its own.
    call.sendStatus = (ended) => send(inOurWords(ended));
    return new ServerInterceptingCall(call);
  };
}

type Ended = Parameters<ServerInterceptingCall['sendStatus']>[0];

function inOurWords(ended: Ended): Ended {
  const { code, details = '', metadata } = ended;
  if (metadata && metadata.get('muster-code').length > 0) return ended;
  if (code === status.RESOURCE_EXHAUSTED)
    return grpcStatus(
      new MusterError(
        'too-large',
        'request.too-large',
        'The message is over the limit of this service (MUSTER_BODY_LIMIT_BYTES). Send less at once',
      ),
    );
  if (code === status.INTERNAL && UNREADABLE.test(details))
    return grpcStatus(
      new MusterError(
        'invalid',
        'request.malformed-message',
        `The call cannot be read as its method has it: ${details}`,
      ),
    );
  return ended;
}
