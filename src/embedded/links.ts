import { eventResponse } from './responses.ts'
import type { StoredEvent } from './store/events.ts'
import { firstVisible, oldestVisible } from './store/metadata.ts'
import { decodeRecord } from './store/record.ts'
import type { Store } from './store/store.ts'

const linkType = '$>'
const revisionText = /^\d{1,19}$/

/** Turns stored events into the responses one caller asked for: links resolved or not, ids in its form. */
export class Presenter {
  readonly #store: Store
  readonly #resolveLinks: boolean
  readonly #structuredIds: boolean

  constructor(store: Store, { resolveLinks, structuredIds }: { resolveLinks: boolean; structuredIds: boolean }) {
    this.#store = store
    this.#resolveLinks = resolveLinks
    this.#structuredIds = structuredIds
  }

  response(event: StoredEvent): Buffer {
    const { position, record } = event
    if (!this.#resolveLinks || this.#store.types.name(event.type) !== linkType) {
      return eventResponse(position, record, undefined, this.#structuredIds)
    }
    const target = parseLink(decodeRecord(record).data)
    if (target === undefined) return eventResponse(position, record, undefined, this.#structuredIds)
    return eventResponse(position, this.#visible(target)?.record, record, this.#structuredIds)
  }

  #visible({ stream, revision }: Target): StoredEvent | undefined {
    const { streams, events } = this.#store
    const head = streams.head(stream)
    if (head === undefined || revision > head.last) return undefined
    const metadata = streams.metadata(stream)
    if (revision < firstVisible(metadata, head.last)) return undefined
    const event = events.at(head.stream, revision)
    return event !== undefined && event.created >= oldestVisible(metadata, Date.now()) ? event : undefined
  }
}

interface Target {
  readonly stream: string
  readonly revision: number
}

/** `<revision>@<stream>`, split at the first `@`. */
const parseLink = (data: Uint8Array): Target | undefined => {
  const text = Buffer.from(data).toString('utf8')
  const at = text.indexOf('@')
  if (at === -1 || !revisionText.test(text.slice(0, at))) return undefined
  return { stream: text.slice(at + 1), revision: Number(text.slice(0, at)) }
}
