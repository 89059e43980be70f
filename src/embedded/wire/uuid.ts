import type { ProtoReader } from './reader.ts'

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const nilUuid = '00000000-0000-0000-0000-000000000000'

/** An `event_store.client.UUID` in either of its forms, as lower-case text; undefined when it is none. */
export const readUuid = (message: ProtoReader): string | undefined => {
  let uuid: string | undefined
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) uuid = readStructured(message.message())
    else if (field === 2) {
      const text = message.text()
      uuid = pattern.test(text) ? text.toLowerCase() : undefined
    } else message.skip()
  }
  return uuid
}

const readStructured = (message: ProtoReader): string => {
  let most = 0n
  let least = 0n
  for (let field = message.field(); field !== 0; field = message.field()) {
    if (field === 1) most = message.uint64()
    else if (field === 2) least = message.uint64()
    else message.skip()
  }
  const hex = most.toString(16).padStart(16, '0') + least.toString(16).padStart(16, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex')
