import type { NatsServer } from '../support/nats-server.ts'

/** An event as an external consumer gets it from NATS. */
interface Received {
  id: string
  /** `<entity>-<tenant>.<id>`, as the ledger calls its stream. */
  stream: string
  position: bigint
}

/** All of `EVENTS`, in its order, read with the official client and nothing of ours. */
export const readEvents = async (nats: NatsServer): Promise<Received[]> => {
  const js = await nats.other()
  const { state } = await (await nats.manager()).streams.info('EVENTS')
  const received: Received[] = []
  if (state.messages === 0) return received
  const consumer = await js.consumers.get('EVENTS')
  for await (const message of await consumer.consume()) {
    const { id, type, tenant, subject } = message.json<Record<'id' | 'type' | 'tenant' | 'subject', string>>()
    const position = BigInt(message.headers?.get('Ledger-Position') ?? -1)
    received.push({ id, stream: `${type.split('.')[1]}-${tenant}.${subject}`, position })
    if (message.seq >= state.last_seq) break
  }
  return received
}
