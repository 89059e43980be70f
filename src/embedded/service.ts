import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { type MethodDefinition, ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js'
import { type AppendMessage, type BatchFragment, decodeAppend, decodeBatchFragment } from './append-request.ts'

const { StreamsService } = streamsGrpc

const asIs = (bytes: Buffer): Buffer => bytes
/** Only a client uses what a definition says about its own side. */
const clientSide = (): never => {
  throw new Error('this side of the definition is the client’s')
}

/** Responses reach `responseSerialize` one by one: `ManyMessages` has taken their list apart. */
const one = (response: Buffer | Buffer[]): Buffer => (Array.isArray(response) ? Buffer.concat(response) : response)

const read: MethodDefinition<streamsPb.ReadReq, Buffer[]> = {
  ...StreamsService.read,
  responseSerialize: one,
  responseDeserialize: clientSide,
}

const append: MethodDefinition<AppendMessage, Buffer> = {
  ...StreamsService.append,
  requestSerialize: clientSide,
  requestDeserialize: decodeAppend,
  responseSerialize: asIs,
  responseDeserialize: asIs,
}

const batchAppend: MethodDefinition<BatchFragment, Buffer[]> = {
  ...StreamsService.batchAppend,
  requestSerialize: clientSide,
  requestDeserialize: decodeBatchFragment,
  responseSerialize: one,
  responseDeserialize: clientSide,
}

/**
 * The generated service with codecs of our own: requests become what the handlers need, and responses are bytes
 * already.
 */
export const streamsService = {
  read,
  append,
  batchAppend,
  delete: StreamsService.delete,
  tombstone: StreamsService.tombstone,
}

/**
 * Sends a list of responses as that many messages with one callback at the end. A stream of gRPC-js writes its next
 * message only when the previous one is on the wire; together they share a frame and a turn of the event loop.
 */
export class ManyMessages extends ServerInterceptingCall {
  readonly #next: ServerInterceptingCallInterface

  constructor(next: ServerInterceptingCallInterface) {
    super(next)
    this.#next = next
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (!Array.isArray(message) || message.length === 0) {
      super.sendMessage(message, callback)
      return
    }
    const last = message.length - 1
    for (const [index, response] of message.entries()) {
      this.#next.sendMessage(response, index === last ? callback : () => undefined)
    }
  }
}
