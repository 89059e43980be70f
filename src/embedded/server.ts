import { randomUUID } from 'node:crypto'
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js'
import { Append, type AppendCall } from './append.ts'
import { BatchAppend, type BatchAppendCall } from './batch-append.ts'
import { accessDenied, shuttingDown } from './errors.ts'
import { supportedMethods } from './features.ts'
import { clusterInfo } from './gossip.ts'
import { Outlet, type ReadCall } from './outlet.ts'
import { readAll, readStream } from './read.ts'
import { parseRead } from './read-request.ts'
import { ManyMessages, streamsService } from './service.ts'
import type { Store } from './store/store.ts'
import { subscribeToAll } from './subscribe-all.ts'
import { subscribeToStream } from './subscribe-stream.ts'

export const host = '127.0.0.1'
/** The client sends up to 3 MiB at once; an append that is too large must get its own answer, not gRPC's. */
const receiveBytesMax = 17 * 1024 * 1024
const shutdownGraceMs = 1000

export interface NodeServer {
  readonly port: number
  /** Ends streaming calls with CANCELLED, others with UNAVAILABLE, and stops listening. */
  close(): Promise<void>
}

export const serve = async (store: Store, port: number, maxAppendSize: number): Promise<NodeServer> => {
  const server = new Server({
    'grpc.max_receive_message_length': receiveBytesMax,
    'grpc.max_send_message_length': -1,
    'grpc.enable_channelz': 0,
    interceptors: [(_method, call) => new ManyMessages(call)],
  })
  const reads = new Set<Outlet>()
  const appends = new Set<Append | BatchAppend>()
  const refuse = (_call: unknown, callback: sendUnaryData<never>) =>
    callback(accessDenied('This ledger is append-only: streams are neither deleted nor tombstoned.'))
  server.addService(streamsService, {
    read: (call: ReadCall) => {
      const outlet = new Outlet(call)
      reads.add(outlet)
      void serveRead(store, call, outlet).finally(() => reads.delete(outlet))
    },
    append: (call: AppendCall, callback: sendUnaryData<Buffer>) =>
      track(appends, call, new Append(call, callback, store.writer, maxAppendSize)),
    batchAppend: (call: BatchAppendCall) => track(appends, call, new BatchAppend(call, store.writer, maxAppendSize)),
    delete: refuse,
    tombstone: refuse,
  })
  const boundPort = await listen(server, port)
  return {
    port: boundPort,
    close: async () => {
      for (const outlet of reads) outlet.fail(shuttingDown(status.CANCELLED))
      for (const append of appends) append.shutDown()
      await stop(server)
    },
  }
}

/** Keeps what has to be told of a shutdown while its call is open. */
const track = <T>(open: Set<T>, call: AppendCall | BatchAppendCall, item: T): void => {
  open.add(item)
  call.on('close', () => open.delete(item))
  call.on('cancelled', () => open.delete(item))
}

const serveRead = async (store: Store, call: ReadCall, outlet: Outlet): Promise<void> => {
  try {
    const request = parseRead(call.request)
    if (request.kind === 'stream') await readStream(store, request, outlet)
    else if (request.kind === 'all') await readAll(store, request, outlet)
    else if (request.kind === 'subscribe-all') await subscribeToAll(store, request, outlet)
    else await subscribeToStream(store, request, outlet)
    outlet.end()
  } catch (error) {
    outlet.fail(error)
  }
}

const listen = async (server: Server, port: number): Promise<number> => {
  const instanceId = randomUUID()
  let boundPort = port
  server.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods: (_call: unknown, callback: sendUnaryData<ReturnType<typeof supportedMethods>>) =>
      callback(null, supportedMethods()),
  })
  server.addService(gossipGrpc.GossipService, {
    read: (_call: unknown, callback: sendUnaryData<ReturnType<typeof clusterInfo>>) =>
      callback(null, clusterInfo(instanceId, host, boundPort)),
  })
  boundPort = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return boundPort
}

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, shutdownGraceMs)
    server.tryShutdown(() => {
      clearTimeout(force)
      resolve()
    })
  })
