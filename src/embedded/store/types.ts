import { BoundedMap } from './bounded-map.ts'
import { asBlob, asInteger, blob, type Connection, integer, type Statement } from './sql.ts'

const cachedTypesHalf = 2_000

/** Event types, each under one small number. */
export class Types {
  readonly #ids = new BoundedMap<string, number>(cachedTypesHalf)
  readonly #names = new BoundedMap<number, string>(cachedTypesHalf)
  readonly #byName: Statement
  readonly #byId: Statement
  readonly #insert: Statement

  constructor(connection: Connection) {
    this.#byName = connection.prepare(`SELECT ${asInteger('id')} FROM types WHERE name = ?`)
    this.#byId = connection.prepare(`SELECT ${asBlob('name')} FROM types WHERE id = ?`)
    this.#insert = connection.prepare('INSERT INTO types (name) VALUES (?) RETURNING id')
  }

  /** Only within the writer's transaction; when that is rolled back, `forget` what was interned in it. */
  intern(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const bytes = Buffer.from(name)
    const id = integer((this.#byName.get([bytes]) ?? this.#insert.get([bytes]))?.[0])
    this.#ids.set(name, id)
    return id
  }

  name(id: number): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const row = this.#byId.get([id])
    if (row === undefined) throw new Error(`the event type numbered ${id} is missing`)
    const name = blob(row[0]).toString('utf8')
    this.#names.set(id, name)
    return name
  }

  forget(): void {
    this.#ids.clear()
    this.#names.clear()
  }
}
