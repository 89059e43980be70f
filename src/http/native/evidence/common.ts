import type { Context } from 'hono'
import type { LogName } from '../../../app/ports/evidence.ts'
import { LedgerUnavailable } from '../../../app/ports/ledger.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'

/** Commands are sealed within a second, calls within a minute. */
const retryAfterSeconds: Readonly<Record<LogName, string>> = { commands: '1', access: '60' }

/** Says when to ask again where something is not sealed yet, or the ledger does not answer. */
export const whenSealed = async <Result>(c: Context<Env>, log: LogName, work: Promise<Result>): Promise<Result> => {
  try {
    return await work
  } catch (error) {
    const isDown = error instanceof LedgerUnavailable
    const rejection = isDown ? new Rejection('LEDGER_UNAVAILABLE', 'the ledger does not answer; ask again') : error
    if (rejection instanceof Rejection && /UNAVAILABLE$/.test(rejection.code)) {
      c.header('Retry-After', isDown ? retryAfterSeconds.commands : retryAfterSeconds[log])
    }
    throw rejection
  }
}

/** Marks what comes from a log whose sealing has stopped. */
export const markUnsealed = (c: Context<Env>, { evidence }: Services, log: LogName): void => {
  if (evidence.isUnsealed(c.get('principal').tenant, log)) c.header('Ledger-Unsealed', 'true')
}

export const acceptsGzip = (c: Context<Env>): boolean =>
  (c.req.header('accept-encoding') ?? '')
    .split(',')
    .some((each) => /^(gzip|\*)(;q=(1(\.0+)?|0?\.0*[1-9]\d*))?$/.test(each.replaceAll(' ', '').toLowerCase()))

/** Says that the body is so encoded, and encodes it. */
export const gzip = (c: Context<Env>, body: ReadableStream<Uint8Array>): ReadableStream => {
  c.header('Content-Encoding', 'gzip')
  return body.pipeThrough(new CompressionStream('gzip'))
}
