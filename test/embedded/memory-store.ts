import { randomUUID } from 'node:crypto'
import type { Expected } from '../../src/embedded/store/decide.ts'
import type { ProposedEvent } from '../../src/embedded/store/record.ts'
import { openStore, type Store } from '../../src/embedded/store/store.ts'
import type { Outcome } from '../../src/embedded/store/writer.ts'
import { newDirectory } from './support.ts'

/** A store in this process, for what cannot be seen from outside. */
export const openTestStore = (directory = newDirectory()): Promise<Store> =>
  openStore(directory, (message) => {
    throw new Error(message)
  })

export const proposed = (text = '{}', type = 'Tested', id: string = randomUUID()): ProposedEvent => ({
  id,
  type,
  isJson: true,
  data: Buffer.from(text),
  metadata: Buffer.alloc(0),
})

export const append = (
  store: Store,
  stream: string,
  events: ProposedEvent[],
  expected: Expected = 'any',
  deadline = Date.now() + 2000,
): Promise<Outcome> =>
  new Promise((answer) => store.writer.append({ stream, expected, events, size: 100, deadline, answer }))
