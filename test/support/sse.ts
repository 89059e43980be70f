import type { CloudEvent } from '../../src/app/cloud-events.ts'

interface SseMessage {
  id: string
  event: string
  data: CloudEvent
}

const isStream = ({ headers }: Response): boolean => headers.get('content-type') === 'text/event-stream'

/** The whole of an answer; of one that does not end, its beginning, and nobody listens any longer. */
export const textOf = async (response: Response): Promise<string> => {
  if (!isStream(response) || !response.body) return response.text()
  const reader = response.body.getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return Buffer.from(value ?? []).toString('utf8')
}

/** Reads Server-Sent Events as a browser does (HTML Living Standard, 9.2.6), written without looking at who writes them. */
export class SseReader {
  /** What a client names when it comes again: until there is an id, where the stream began. */
  lastEventId: string
  comments = 0
  /** How long to wait before that. */
  retryMs = 0
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly decoder = new TextDecoder()
  private text = ''
  private fault: Error | undefined

  constructor(response: Response) {
    if (response.status !== 200 || !response.body) throw new Error(`no stream but ${response.status}`)
    this.lastEventId = response.headers.get('ledger-position') ?? ''
    this.reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  }

  /** The next message that has data; null at the end of the stream. */
  async next(): Promise<SseMessage | null> {
    for (;;) {
      const end = this.text.indexOf('\n\n')
      if (end >= 0) {
        const message = this.read(this.text.slice(0, end).split('\n'))
        this.text = this.text.slice(end + 2)
        if (message) return message
        continue
      }
      const { done, value } = await this.reader.read()
      if (done) return null
      this.text += this.decoder.decode(value, { stream: true })
    }
  }

  /** Until there are so many. Throws when the stream ends before, or they do not come in time. */
  async take(count: number, timeoutMs = 10_000): Promise<SseMessage[]> {
    const messages: SseMessage[] = []
    const late = setTimeout(() => {
      this.fault = new Error(`no more than ${messages.length} of ${count} messages came in ${timeoutMs} ms`)
      void this.reader.cancel()
    }, timeoutMs)
    while (messages.length < count) {
      const message = await this.next()
      if (!message) throw this.fault ?? new Error(`the stream ended after ${messages.length} of ${count} messages`)
      messages.push(message)
    }
    clearTimeout(late)
    return messages
  }

  cancel(): Promise<void> {
    return this.reader.cancel()
  }

  private read(lines: readonly string[]): SseMessage | null {
    let event = 'message'
    const data: string[] = []
    for (const line of lines) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
      if (line.startsWith(':')) this.comments += 1
      else if (field === 'id') this.lastEventId = value
      else if (field === 'retry') this.retryMs = Number(value)
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else throw new Error(`a line that is none: ${line}`)
    }
    return data.length === 0 ? null : { id: this.lastEventId, event, data: JSON.parse(data.join('\n')) }
  }
}
