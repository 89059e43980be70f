import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js'

/** The server whose behaviour this node has. */
const serverVersion = '24.10.4'

/** What the client may ask for; Delete and Tombstone answer, but only to refuse. */
const methods: readonly [service: string, method: string, ...features: string[]][] = [
  ['event_store.client.streams.streams', 'append'],
  ['event_store.client.streams.streams', 'batchappend', 'deadline_duration'],
  ['event_store.client.streams.streams', 'read', 'position', 'events'],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
]

export const supportedMethods = (): featuresPb.SupportedMethods => {
  const supported = new featuresPb.SupportedMethods().setEventStoreServerVersion(serverVersion)
  for (const [service, name, ...features] of methods) {
    const method = new featuresPb.SupportedMethod().setServiceName(service).setMethodName(name)
    supported.addMethods(method.setFeaturesList(features))
  }
  return supported
}
