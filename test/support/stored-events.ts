import { AckPolicy, type JsMsg } from 'nats'
import type { NatsServer } from './nats-server.ts'

/** A message of EVENTS as an external system sees it. */
interface StoredEvent {
  subject: string
  position: bigint
  msgId: string
  contentType: string
  body: Record<string, unknown>
}

/** All that EVENTS holds, in its order; read with the official client and nothing of ours. */
export const storedEvents = async (server: NatsServer): Promise<StoredEvent[]> => {
  const [manager, js] = [await server.manager(), await server.other()]
  const { state } = await manager.streams.info('EVENTS')
  const consumer = await manager.consumers.add('EVENTS', { ack_policy: AckPolicy.None })
  const stored: StoredEvent[] = []
  const reader = await js.consumers.get('EVENTS', consumer.name)
  while (stored.length < state.messages) {
    for await (const message of await reader.fetch({ max_messages: 1_000, expires: 1_000 })) {
      stored.push(eventOf(message))
      if (stored.length === state.messages) break
    }
  }
  await manager.consumers.delete('EVENTS', consumer.name)
  return stored
}

const eventOf = (message: JsMsg): StoredEvent => ({
  subject: message.subject,
  position: BigInt(message.headers?.get('Ledger-Position') ?? -1),
  msgId: message.headers?.get('Nats-Msg-Id') ?? '',
  contentType: message.headers?.get('Content-Type') ?? '',
  body: message.json(),
})

export const storedPositions = async (server: NatsServer): Promise<bigint[]> =>
  (await storedEvents(server)).map(({ position }) => position)

/** 0 as long as the server or the stream is away. */
export const storedCount = async (server: NatsServer): Promise<number> => {
  try {
    return (await (await server.manager()).streams.info('EVENTS')).state.messages
  } catch {
    return 0
  }
}
