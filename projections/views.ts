import type Database from 'libsql'
import type { Follows } from '../src/app/ports/follower.ts'
import type { LedgerEvent } from '../src/app/ports/ledger.ts'
import { openViewsFile } from './open.ts'
import type { ReadDb, SqlValue } from './projection.ts'
import type { ViewWriter } from './runner.ts'

type Prepared = ReturnType<Database.Database['prepare']>

const statementsMax = 200

/** Reads the views' file while the writer writes it. */
export class ViewReader implements ReadDb {
  private readonly db: Database.Database
  private readonly statements = new Map<string, Prepared>()

  constructor(path: string) {
    this.db = openViewsFile(path)
    this.db.pragma('query_only = 1')
  }

  all<Row>(sql: string, ...parameters: SqlValue[]): Row[] {
    return this.prepared(sql).all(parameters) as Row[]
  }

  get<Row>(sql: string, ...parameters: SqlValue[]): Row | undefined {
    return this.prepared(sql).get(parameters) as Row | undefined
  }

  close(): void {
    this.db.close()
  }

  private prepared(sql: string): Prepared {
    let statement = this.statements.get(sql)
    if (!statement) {
      if (this.statements.size >= statementsMax) this.statements.clear()
      statement = this.db.prepare(sql)
      this.statements.set(sql, statement)
    }
    return statement
  }
}

/** Feeds the views from the ledger, and knows how far they are. */
export class ViewFollower implements Follows {
  readonly name = 'views'
  /** Under load there are then fewer and larger transactions, and events get out to others sooner. */
  readonly restMs = 20
  private readonly writer: ViewWriter
  private reached = -1n
  private waiting: { position: bigint; resolve(reached: boolean): void }[] = []

  constructor(writer: ViewWriter) {
    this.writer = writer
  }

  async position(): Promise<bigint> {
    this.reached = await this.writer.position()
    return this.reached
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    await this.writer.apply(events, reached)
    this.reached = reached
    const due = this.waiting.filter(({ position }) => position <= this.reached)
    if (due.length === 0) return
    this.waiting = this.waiting.filter(({ position }) => position > this.reached)
    for (const { resolve } of due) resolve(true)
  }

  current(): bigint {
    return this.reached
  }

  /** Whether the views have reached a position; waits for it at most `timeoutMs`. */
  async reach(position: bigint, timeoutMs: number): Promise<boolean> {
    if (position <= this.reached) return true
    return new Promise((resolve) => {
      const waiter = { position, resolve: settle }
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== waiter)
        resolve(false)
      }, timeoutMs)
      function settle(reached: boolean): void {
        clearTimeout(timer)
        resolve(reached)
      }
      this.waiting.push(waiter)
    })
  }
}
