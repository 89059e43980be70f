import type { ReadDb } from '../../projections/projection.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Principal } from '../auth/principal.ts'
import type { ReadAfterWrite } from './reads.ts'

/** What the routes work with. */
export interface Services {
  commands: CommandHandler
  views: ReadDb
  reads: ReadAfterWrite
  log: Log
  nowMs(): number
  /** The principal of calls without credentials. */
  openPrincipal: Principal
  /** Null when all is well, else what is missing, for GET /ready. */
  notReady(): Promise<string | null>
}
