import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'

/** A key that may sign the ledger's logs. `publicKey`: 32 bytes of Ed25519 in base64. */
export interface LogKey {
  /** 16 hex digits, from the public key. */
  id: string
  publicKey: string
}

/** The newest key signs; what older keys signed stays as good as it was. */
export type LogKeyEvent = { type: 'LogKeyAdded'; data: LogKey }

/** `first`: the key with which a ledger begins, which changes nothing once there is one. */
export interface AddLogKey extends LogKey {
  type: 'AddLogKey'
  first: boolean
}

export const logKeysDecider: Decider<readonly LogKey[], AddLogKey, LogKeyEvent> = {
  initial: [],
  decide({ id, publicKey, first }, keys) {
    if (first && keys.length > 0) return []
    const known = keys.find((key) => key.id === id)
    if (known?.publicKey === publicKey) return []
    if (known) throw new Rejection('CONFLICT', `another key has the id ${id}`)
    return [{ type: 'LogKeyAdded', data: { id, publicKey } }]
  },
  evolve: (keys, { data }) => [...keys, data],
}
