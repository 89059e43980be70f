import { randomUUID } from 'node:crypto'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { credentials, type ServiceError } from '@grpc/grpc-js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'

/** What the client does not let one send is sent through the generated stub. */
export const rawStreams = (url: string) =>
  new streamsGrpc.StreamsClient(new URL(url).host, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 17 * 1024 * 1024,
  })

const streamId = (stream: string) =>
  new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64'))

const stringId = (id: string) => new sharedPb.UUID().setString(id)

interface RawEvent {
  id?: string
  type?: string
  contentType?: string
  data?: Buffer
  metadata?: Buffer
}

const fillMessage = (
  message: streamsPb.BatchAppendReq.ProposedMessage | streamsPb.AppendReq.ProposedMessage,
  { id = randomUUID(), type = 'Tested', contentType = 'application/json', data, metadata }: RawEvent,
): void => {
  message.setId(stringId(id))
  if (type !== 'absent') message.getMetadataMap().set('type', type)
  if (contentType !== 'absent') message.getMetadataMap().set('content-type', contentType)
  message.setData(data ?? Buffer.from('{}'))
  if (metadata !== undefined) message.setCustomMetadata(metadata)
}

export const batchMessage = (event: RawEvent = {}) => {
  const message = new streamsPb.BatchAppendReq.ProposedMessage()
  fillMessage(message, event)
  return message
}

export const batchOptions = (stream: string, deadline = new Date(Date.now() + 10_000)) =>
  new streamsPb.BatchAppendReq.Options()
    .setStreamIdentifier(streamId(stream))
    .setAny(new emptyPb.Empty())
    .setDeadline(timestampPb.Timestamp.fromDate(deadline))

export const fragment = (
  correlationId: string,
  options: streamsPb.BatchAppendReq.Options | undefined,
  messages: streamsPb.BatchAppendReq.ProposedMessage[],
  isFinal: boolean,
) =>
  new streamsPb.BatchAppendReq()
    .setCorrelationId(stringId(correlationId))
    .setOptions(options)
    .setProposedMessagesList(messages)
    .setIsFinal(isFinal)

/** One BatchAppend call: its answers as they came, and the status it ended with. */
export const openBatch = (url: string) => {
  const stub = rawStreams(url)
  const call = stub.batchAppend()
  const answers: streamsPb.BatchAppendResp[] = []
  call.on('data', (answer: streamsPb.BatchAppendResp) => answers.push(answer))
  call.on('error', () => undefined)
  const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)))
  return { call, answers, ended: ended.finally(() => stub.close()) }
}

/** The type name of the details of a refused batch append. */
export const refusalOf = (answer: streamsPb.BatchAppendResp | undefined): string | undefined =>
  answer?.getError()?.getDetails()?.getTypeName()

export const appendOptions = (stream: string) =>
  new streamsPb.AppendReq().setOptions(
    new streamsPb.AppendReq.Options().setStreamIdentifier(streamId(stream)).setAny(new sharedPb.Empty()),
  )

export const appendMessage = (event: RawEvent = {}) => {
  const message = new streamsPb.AppendReq.ProposedMessage()
  fillMessage(message, event)
  return new streamsPb.AppendReq().setProposedMessage(message)
}

/** One `Append` call with these messages. */
export const rawAppend = (
  url: string,
  messages: streamsPb.AppendReq[],
): Promise<{ error: ServiceError | null; response: streamsPb.AppendResp | undefined }> => {
  const stub = rawStreams(url)
  return new Promise((resolve) => {
    const call = stub.append((error, response) => {
      stub.close()
      resolve({ error, response })
    })
    call.on('error', () => undefined)
    for (const message of messages) call.write(message)
    call.end()
  })
}

/** A read request of everything, to be changed by the test. */
export const readOptions = () =>
  new streamsPb.ReadReq.Options()
    .setAll(new streamsPb.ReadReq.Options.AllOptions().setStart(new sharedPb.Empty()))
    .setCount('1000')
    .setNoFilter(new sharedPb.Empty())
    .setUuidOption(new streamsPb.ReadReq.Options.UUIDOption().setString(new sharedPb.Empty()))

export const streamFrom = (stream: string, revision?: string) => {
  const options = new streamsPb.ReadReq.Options.StreamOptions().setStreamIdentifier(streamId(stream))
  return revision === undefined ? options.setStart(new sharedPb.Empty()) : options.setRevision(revision)
}

/** Every message of a read, or the status it failed with. */
export const rawRead = (
  url: string,
  options: streamsPb.ReadReq.Options,
): Promise<{ responses: streamsPb.ReadResp[]; error: ServiceError | undefined }> => {
  const stub = rawStreams(url)
  const responses: streamsPb.ReadResp[] = []
  return new Promise((resolve) => {
    let error: ServiceError | undefined
    const call = stub.read(new streamsPb.ReadReq().setOptions(options))
    call.on('data', (response: streamsPb.ReadResp) => responses.push(response))
    call.on('error', (failed: ServiceError) => {
      error = failed
    })
    call.on('status', () => {
      stub.close()
      resolve({ responses, error })
    })
  })
}
