import { connect as connectTcp } from 'node:net'
import { persistentSubscriptionToAllSettingsFromDefaults } from '@eventstore/db-client'
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import type gossipPb from '@eventstore/db-client/generated/gossip_pb.js'
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import type featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import { credentials, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { collect, connect, events, failure, newStream, revisions, startNode, useNode } from './support.ts'

const node = useNode()

const features = (): Promise<featuresPb.SupportedMethods> =>
  new Promise((resolve, reject) => {
    const stub = new featuresGrpc.ServerFeaturesClient(new URL(node.url).host, credentials.createInsecure())
    stub.getSupportedMethods(new sharedPb.Empty(), (error, methods) => (error ? reject(error) : resolve(methods)))
  })

const members = (): Promise<gossipPb.MemberInfo[]> =>
  new Promise((resolve, reject) => {
    const stub = new gossipGrpc.GossipClient(new URL(node.url).host, credentials.createInsecure())
    stub.read(new sharedPb.Empty(), (error, info) => (error ? reject(error) : resolve(info.getMembersList())))
  })

test('2 the version is three dotted numbers, the methods are in lower case with their features', async () => {
  const supported = await features()
  expect(supported.getEventStoreServerVersion()).toMatch(/^\d+\.\d+\.\d+$/)
  const methods = supported.getMethodsList().map((method) => method.toObject())
  const streams = 'event_store.client.streams.streams'
  expect(methods).toContainEqual({ serviceName: streams, methodName: 'append', featuresList: [] })
  expect(methods).toContainEqual({
    serviceName: streams,
    methodName: 'batchappend',
    featuresList: ['deadline_duration'],
  })
  expect(methods).toContainEqual({ serviceName: streams, methodName: 'read', featuresList: ['position', 'events'] })
})

test.skipIf(process.env.EVENTSTORE_URL)(
  '2 what is not implemented is not listed, and the client refuses it',
  async () => {
    const services = (await features()).getMethodsList().map((method) => method.getServiceName())
    expect(services.filter((service) => /persistent|projection/.test(service))).toEqual([])
    const group = node.client.createPersistentSubscriptionToAll(
      'group',
      persistentSubscriptionToAllSettingsFromDefaults(),
    )
    expect(await failure(group)).toMatchObject({ type: 'unsupported' })
    expect(await failure(node.client.listProjections())).toMatchObject({ code: status.UNIMPLEMENTED })
  },
)

test('2 gossip tells of one living leader at the address that is listened on', async () => {
  const [member, ...others] = await members()
  expect(others).toEqual([])
  expect(member?.getIsAlive()).toBe(true)
  expect(member?.getState()).toBe(8)
  const { hostname, port } = new URL(node.url)
  expect(member?.getHttpEndPoint()?.toObject()).toEqual({ address: hostname, port: Number(port) })
  expect(member?.getInstanceId()?.getString()).toBe((await members())[0]?.getInstanceId()?.getString())
  expect(Number(member?.getTimeStamp()) / 10_000 - Date.now()).toBeLessThan(1000)
})

test('2 a discovering client finds the node by gossip', async () => {
  const { host } = new URL(node.url)
  for (const url of [`esdb+discover://${host}?tls=false`, `esdb://${host},${host}?tls=false`]) {
    const client = connect(url)
    const stream = newStream()
    await client.appendToStream(stream, events(2), { requiresLeader: true })
    expect(await revisions(client.readStream(stream, { requiresLeader: true }))).toEqual([0, 1])
    await client.dispose()
  }
})

test('8 credentials and ACLs are accepted and ignored', async () => {
  const stream = newStream()
  await node.client.setStreamMetadata(stream, { acl: { readRoles: ['nobody'], writeRoles: ['nobody'] } })
  const credentials = { username: 'someone', password: 'wrong' }
  await node.client.appendToStream(stream, events(1), { credentials })
  expect(await collect(node.client.readStream(stream, { credentials }))).toHaveLength(1)
})

test('bytes that are no HTTP/2 do not harm the node', async () => {
  const { hostname, port } = new URL(node.url)
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\0'.repeat(1000),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxxxxxxxxx',
  ]) {
    const socket = connectTcp(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.end(bytes)
    await new Promise((closed) => socket.resume().on('close', closed))
  }
  await node.client.appendToStream(newStream(), events(1))
})

test.skipIf(process.env.EVENTSTORE_URL)('the limit of an append comes from the environment', async () => {
  const small = await startNode({ env: { EVENTSTORE_MAX_APPEND_SIZE: '1000' } })
  const client = connect(small.url)
  const error = await failure(client.appendToStream(newStream(), events(100)))
  expect(error).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1000 })
  await client.dispose()
  await small.stop()
})
