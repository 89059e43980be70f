import { describe } from 'vitest'
import { busContract } from '../contracts/bus.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'

describe.skipIf(noNatsServer)(named('nats'), () => {
  busContract('nats', async (options) => (await NatsServer.start()).bus(options))
})
