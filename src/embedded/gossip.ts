import gossipPb from '@eventstore/db-client/generated/gossip_pb.js'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'

const leader = 8
const ticksPerMs = 10_000n

/** A cluster of one: this node, alive and leading, at the address it listens on. */
export const clusterInfo = (instanceId: string, address: string, port: number): gossipPb.ClusterInfo => {
  const member = new gossipPb.MemberInfo()
    .setInstanceId(new sharedPb.UUID().setString(instanceId))
    .setTimeStamp(String(BigInt(Date.now()) * ticksPerMs))
    .setState(leader)
    .setIsAlive(true)
    .setHttpEndPoint(new gossipPb.EndPoint().setAddress(address).setPort(port))
  return new gossipPb.ClusterInfo().setMembersList([member])
}
