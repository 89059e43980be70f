import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js'
import { type Appender, BatchAppend, type BatchAppendCall } from '../src/embedded/batch-append.ts'
import { supportedMethods } from '../src/embedded/features.ts'
import { Outlet, type ReadCall } from '../src/embedded/outlet.ts'
import { host } from '../src/embedded/server.ts'
import { ManyMessages, streamsService } from '../src/embedded/service.ts'
import { encodeRecord } from '../src/embedded/store/record.ts'

/**
 * The protocol without a ledger: every append is answered at once and forgotten, and a read of `$all` is the same
 * record again and again. What the client, gRPC and this machine allow, beside which the node's figures are read.
 */
const eventsRead = 150_000
const eventsPerPage = 500

const record = encodeRecord(
  {
    id: '00000000-0000-4000-8000-000000000000',
    type: 'RunRequested',
    isJson: true,
    data: Buffer.from(JSON.stringify({ n: 1, payload: 'x'.repeat(480) })),
    metadata: Buffer.from(JSON.stringify({ tenant: 'default' })),
  },
  { stream: 'other-1', revision: 0, position: 1, created: Date.now() },
)

let position = 0
const writer: Appender = {
  append: ({ answer }) => {
    position++
    answer({ kind: 'done', revision: 0, position })
  },
}

const read = async (call: ReadCall): Promise<void> => {
  const outlet = new Outlet(call)
  const page = Array.from({ length: eventsPerPage }, () => record)
  for (let sent = 0; sent < eventsRead; sent += eventsPerPage) await outlet.send(page)
  outlet.end()
}

const unknown = () => {
  throw new Error('the bare node only takes batch appends and reads')
}

const server = new Server({
  'grpc.max_receive_message_length': -1,
  interceptors: [(_method, call) => new ManyMessages(call)],
})
server.addService(streamsService, {
  read: (call: ReadCall) => void read(call),
  batchAppend: (call: BatchAppendCall) => void new BatchAppend(call, writer, 1024 * 1024),
  append: unknown,
  delete: unknown,
  tombstone: unknown,
})
server.addService(featuresGrpc.ServerFeaturesService, {
  getSupportedMethods: (_call: unknown, callback: sendUnaryData<ReturnType<typeof supportedMethods>>) =>
    callback(null, supportedMethods()),
})
server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.stdout.write(`bare node ready esdb://${host}:${port}?tls=false\n`)
})
process.once('SIGTERM', () => process.exit(0))
